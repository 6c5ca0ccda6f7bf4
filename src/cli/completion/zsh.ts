import { shellQuoted } from '../terminal/shells.ts'
import type { Completions, OptionSpec, ValueSpec } from './spec.ts'

export function zshScript({ name, options, commands }: Completions): string {
  const described = commands.map((command) => shellQuoted(`${command.name}:${command.description}`))
  const cases = commands.map((command) => {
    const words = command.words.length === 0 ? [] : [`1:argument:(${command.words.join(' ')})`]
    const specs = [...command.options.map(optionSpec), ...words].map(shellQuoted)
    return `        ${command.name}) _arguments $shared ${specs.join(' ')} ;;\n`
  })
  return `#compdef ${name}
# What ${name} takes, for zsh.
# In this shell:     source <(${name} completion zsh)
# In each new shell: ${name} completion zsh > "\${fpath[1]}/_${name}"

_${name}() {
  local -a commands shared
  commands=(
    ${described.join('\n    ')}
  )
  shared=(
    ${options.map(optionSpec).map(shellQuoted).join('\n    ')}
  )
  local context state line
  _arguments -C $shared '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join('')}      esac ;;
  esac
}

# zsh calls the function of a file in fpath; a sourced one has to be registered.
if [[ $funcstack[1] == _${name} ]]; then _${name} "$@"; else compdef _${name} ${name}; fi
`
}

function optionSpec({ name, description, value }: OptionSpec): string {
  return `${name}[${description.replaceAll(/[[\]\\]/g, '\\$&')}]${valueSpec(value)}`
}

function valueSpec(value: ValueSpec): string {
  switch (value.kind) {
    case 'none':
      return ''
    case 'words':
      return `:value:(${value.words.join(' ')})`
    case 'file':
      return ':file:_files'
    case 'directory':
      return ':directory:_files -/'
    case 'any':
      return `:${value.name}: `
  }
}
