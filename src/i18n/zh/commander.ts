import type { PhraseSets } from '../phrases.ts'

/** Commander's own words, in help and in what it refuses. */
export const commanderPhrases = {
  usage: {
    'Usage:': '用法:',
    'Options:': '选项:',
    'Arguments:': '参数:',
    'Commands:': '命令:',
    'Global Options:': '通用选项:',
    'display help for command': '显示命令的帮助',
    'output the version number': '显示版本号',
    '(see --help)': '（用法见 --help）',
    '{description:help} ({notes:helpNotes})': '{description}（{notes}）',
    '({notes:helpNotes})': '（{notes}）',
  },
  helpNotes: {
    'choices: {choices:words}': '可选：{choices}',
    'default: {value}': '默认：{value}',
    'choices: {choices:words}, default: {value}': '可选：{choices}；默认：{value}',
  },
  wrongUsage: {
    "error: unknown command '{name}'{hint:hint}": "错误：未知命令 '{name}'{hint}",
    "error: unknown command '{name}'": "错误：未知命令 '{name}'",
    "error: unknown option '{name}'{hint:hint}": "错误：未知选项 '{name}'{hint}",
    "error: unknown option '{name}'": "错误：未知选项 '{name}'",
    "error: missing required argument '{name}'": "错误：缺少参数 '{name}'",
    "error: option '{flags}' argument missing": "错误：选项 '{flags}' 缺少取值",
    "error: required option '{flags}' not specified": "错误：缺少选项 '{flags}'",
    "error: option '{flags}' cannot be used with option '{others}'":
      "错误：选项 '{flags}' 不能与 '{others}' 同用",
    'error: too many arguments. Expected {expected:word} argument but got {given:word}.':
      '错误：参数过多，应为 {expected} 个，给出了 {given} 个。',
    'error: too many arguments. Expected {expected:word} arguments but got {given:word}.':
      '错误：参数过多，应为 {expected} 个，给出了 {given} 个。',
    "error: too many arguments for '{command:word}'. Expected {expected:word} argument but got {given:word}.":
      "错误：'{command}' 的参数过多，应为 {expected} 个，给出了 {given} 个。",
    "error: too many arguments for '{command:word}'. Expected {expected:word} arguments but got {given:word}.":
      "错误：'{command}' 的参数过多，应为 {expected} 个，给出了 {given} 个。",
    "error: option '{flags}' argument '{value}' is invalid. {rule:optionRule?}":
      "错误：选项 '{flags}' 的值 '{value}' 无效。{rule}",
    "error: command-argument value '{value}' is invalid for argument '{name}'. {rule:optionRule?}":
      "错误：参数 '{name}' 的值 '{value}' 无效。{rule}",
  },
  hint: {
    '\n(Did you mean {name}?)': '\n（是否想输入 {name}？）',
    '\n(Did you mean one of {names:words}?)': '\n（是否想输入其中之一：{names}？）',
  },
  optionRule: {
    'Allowed choices are {choices:words}.': '可选值：{choices}。',
    'It must be a whole number from {min:word} to {max:word}.': '须为 {min} 到 {max} 的整数。',
    'It must be a number from {min:word} to {max:word}.': '须为 {min} 到 {max} 的数。',
    'It {rule:rule}.': '{rule}。',
  },
} as const satisfies PhraseSets
