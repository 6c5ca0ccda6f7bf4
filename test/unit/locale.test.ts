import { describe, expect, it, test } from 'vitest'
import { catalog, localeOfEnvironment, localeOfHeader } from '../../src/i18n/locale.ts'

describe('catalog()', () => {
  test('gives the texts of the given language', () => {
    const words = catalog({ en: { yes: 'yes' }, zh: { yes: '是' } })
    expect([words('en').yes, words('zh').yes]).toEqual(['yes', '是'])
  })
})

describe('localeOfEnvironment()', () => {
  it.each([
    ['nothing is set', {}, 'en'],
    ['LANG says Chinese', { LANG: 'zh_CN.UTF-8' }, 'zh'],
    ['LANG says it in another writing', { LANG: 'zh_TW' }, 'zh'],
    ['LANG says a language that we do not have', { LANG: 'de_DE.UTF-8' }, 'en'],
    ['LANG is empty', { LANG: '' }, 'en'],
    ['LC_ALL overrules LANG', { LC_ALL: 'en_US.UTF-8', LANG: 'zh_CN.UTF-8' }, 'en'],
    ['LC_MESSAGES overrules LANG', { LC_MESSAGES: 'zh_CN.UTF-8', LANG: 'en_US.UTF-8' }, 'zh'],
    ['LC_ALL overrules LC_MESSAGES', { LC_ALL: 'en_US', LC_MESSAGES: 'zh_CN' }, 'en'],
    ['LC_ALL is empty, as if it were not set', { LC_ALL: '', LANG: 'zh_CN.UTF-8' }, 'zh'],
    ['LANGUAGE overrules the locale', { LANGUAGE: 'zh_CN:en', LANG: 'en_US.UTF-8' }, 'zh'],
    ['LANGUAGE begins with nothing', { LANGUAGE: ':zh', LANG: 'en_US.UTF-8' }, 'zh'],
    ['LANGUAGE is a list, and we have the second', { LANGUAGE: 'fr:zh', LANG: 'fr_FR' }, 'zh'],
    ['LANGUAGE lists none that we have', { LANGUAGE: 'fr', LANG: 'zh_CN' }, 'en'],
    ['LANGUAGE is empty', { LANGUAGE: '', LANG: 'zh_CN.UTF-8' }, 'zh'],
    ['the locale is C, which wants no translation', { LANGUAGE: 'zh', LANG: 'C' }, 'en'],
    ['the locale is C.UTF-8', { LANGUAGE: 'zh', LC_ALL: 'C.UTF-8' }, 'en'],
    ['the locale is POSIX', { LANGUAGE: 'zh', LANG: 'POSIX' }, 'en'],
    ['LANGUAGE stands without any locale', { LANGUAGE: 'zh' }, 'en'],
    ['a language begins with ours', { LANG: 'zha_CN' }, 'en'],
  ] as const)('when %s', (_when, env, locale) => {
    expect(localeOfEnvironment(env)).toBe(locale)
  })
})

describe('localeOfHeader()', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['*', 'en'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh'],
    ['ZH', 'zh'],
    ['zh-Hant-TW', 'zh'],
    ['en-GB,en;q=0.9,zh;q=0.8', 'en'],
    ['en;q=0.1,zh;q=0.2', 'zh'],
    ['de,fr;q=0.9,zh;q=0.5', 'zh'],
    ['de', 'en'],
    ['zh;q=0', 'en'],
    ['zh;q=0,en;q=0', 'en'],
    ['zh;q=0.000,en', 'en'],
    ['zh ; q=0.5 , en ; q=0.4', 'zh'],
    ['zh;q=x,en;q=0.9', 'zh'],
    ['en,zh', 'en'],
    ['zh,en', 'zh'],
    [';;;,,,q=1', 'en'],
    ['x'.repeat(200), 'en'],
  ] as const)('of %j is %s', (header, locale) => {
    expect(localeOfHeader(header)).toBe(locale)
  })
})
