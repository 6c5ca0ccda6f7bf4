import type { Completions, OptionSpec, ValueSpec } from './spec.ts'

export function fishScript({ name, options, commands }: Completions): string {
  const complete = (parts: string) => `complete -c ${name} ${parts}\n`
  const described = commands.map((command) =>
    complete(`-n __fish_use_subcommand -a ${command.name} -d ${quoted(command.description)}`),
  )
  const own = commands.flatMap((command) => {
    const within = `-n '__fish_seen_subcommand_from ${command.name}'`
    const words =
      command.words.length === 0
        ? []
        : [complete(`${within} -a ${quoted(command.words.join(' '))}`)]
    return [
      ...words,
      ...command.options.map((option) => complete(`${within} ${optionSpec(option)}`)),
    ]
  })
  return `# What ${name} takes, for fish.
# In this shell:     ${name} completion fish | source
# In each new shell: ${name} completion fish > ~/.config/fish/completions/${name}.fish

${complete('-f')}${options.map((option) => complete(optionSpec(option))).join('')}
${described.join('')}
${own.join('')}`
}

function optionSpec({ name, description, value }: OptionSpec): string {
  return `-l ${name.replace(/^--/, '')}${valueSpec(value)} -d ${quoted(description)}`
}

function valueSpec(value: ValueSpec): string {
  switch (value.kind) {
    case 'none':
      return ''
    case 'words':
      return ` -x -a ${quoted(value.words.join(' '))}`
    case 'file':
      return ' -r -F'
    case 'directory':
      return " -x -a '(__fish_complete_directories)'"
    case 'any':
      return ' -x'
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}
