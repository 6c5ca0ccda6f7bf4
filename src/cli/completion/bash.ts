import type { CommandSpec, Completions, OptionSpec } from './spec.ts'

/**
 * For bash 3.2, which macOS has, and newer. Version 3.2 has no compopt, so it offers files too often.
 */
export function bashScript(completions: Completions): string {
  const { name, options, commands } = completions
  const names = commands.map((command) => command.name)
  const shared = options.map((option) => option.name)
  return `# What ${name} takes, for bash.
# In this shell:     source <(${name} completion bash)
# In each new shell: ${name} completion bash > ~/.local/share/bash-completion/completions/${name}

_${name}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command= words= each
  # bash makes three words of --option=value.
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  for each in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $each in
      ${names.join('|')}) command=$each; break ;;
    esac
  done
  case $command in
    '') words='${[...names, ...shared].join(' ')}' ;;
${commands.map((command) => commandCase(command, shared)).join('')}  esac
  COMPREPLY=()
  compopt +o default 2>/dev/null
  case "$command $before" in
${valueCases(completions)}  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}

# bash offers files by default, which is right after the options that take one.
complete -o default -F _${name} ${name}
`
}

function commandCase({ name, options, words }: CommandSpec, shared: readonly string[]): string {
  const offered = [...words, ...options.map((option) => option.name), ...shared]
  return `    ${name}) words='${offered.join(' ')}' ;;\n`
}

/** What is offered after an option: files, nothing, or the words of the option. */
function valueCases({ options, commands }: Completions): string {
  const all = [
    ...options.map((option) => ({ option, pattern: `*' ${option.name}'` })),
    ...commands.flatMap((command) =>
      command.options.map((option) => ({ option, pattern: `'${command.name} ${option.name}'` })),
    ),
  ]
  const patternsOf = (...kinds: OptionSpec['value']['kind'][]) =>
    all.filter(({ option }) => kinds.includes(option.value.kind)).map(({ pattern }) => pattern)
  const choices = all.map(({ option: { value }, pattern }) =>
    value.kind === 'words' ? `    ${pattern}) words='${value.words.join(' ')}' ;;\n` : '',
  )
  return `    ${patternsOf('file', 'directory').join('|')}) compopt -o default 2>/dev/null; return ;;
    ${patternsOf('any').join('|')}) return ;;
${choices.join('')}`
}
