import { describe, expect, it, test } from 'vitest'
import {
  KeyIndex,
  keyBytesMax,
  NumberColumn,
  TextPages,
} from '../../src/reconcile/table/key-index.ts'

describe('KeyIndex', () => {
  it('gives each of many texts one number, in their order, however often it grows', () => {
    const index = new KeyIndex()
    const texts = Array.from({ length: 20_000 }, (_, nth) => `RECH${nth}`)
    for (const [nth, text] of texts.entries()) expect(index.add(text)).toBe(nth)
    expect(index.size).toBe(texts.length)
    for (const [nth, text] of texts.entries()) {
      expect([index.add(text), index.find(text), index.textAt(nth)]).toEqual([nth, nth, text])
    }
    expect(index.size).toBe(texts.length)
    expect(index.find('RECH20000')).toBe(-1)
  })

  it.each([
    ['of the same length', 'RECH1q8ejhh', 'RECH1ghb4ng'],
    ['of other lengths', 'RECH1d63xus', 'RECHt74bej'],
  ])('keeps two texts of one hash apart, %s', (_, first, second) => {
    const index = new KeyIndex()
    expect(index.add(first)).toBe(0)
    expect(index.find(second)).toBe(-1)
    expect(index.add(second)).toBe(1)
    expect([index.find(first), index.find(second)]).toEqual([0, 1])
    expect([index.textAt(0), index.textAt(1)]).toEqual([first, second])
  })

  it.each([
    ['', ''],
    ['a', 'A'],
    ['订单1', '订单2'],
    ['x'.repeat(keyBytesMax - 1), 'x'.repeat(keyBytesMax)],
  ])('knows %j and %j by what they are', (first, second) => {
    const index = new KeyIndex()
    expect(index.add(first)).toBe(0)
    expect(index.add(second)).toBe(first === second ? 0 : 1)
    expect(index.textAt(0)).toBe(first)
    expect(index.find(second)).toBe(index.size - 1)
  })

  it.each([
    ['ASCII', 'x'.repeat(keyBytesMax)],
    ['Chinese, between two characters', '订'.repeat(keyBytesMax / 3)],
  ])('takes texts for one that are the same up to the longest length: %s', (_, longest) => {
    const index = new KeyIndex()
    expect(index.add(`${longest}1`)).toBe(0)
    expect(index.add(`${longest}2`)).toBe(0)
    expect(index.textAt(0)).toBe(longest)
  })
})

describe('TextPages', () => {
  it('reads back what it was given, over more than one page', () => {
    const pages = new TextPages()
    const texts = Array.from({ length: 6_000 }, (_, nth) => `${nth}-`.padEnd(250, 'x'))
    const positions = texts.map((text) => pages.add(text))
    expect(positions[0]).toBe(1)
    expect(new Set(positions).size).toBe(texts.length)
    expect(Math.max(...positions)).toBeGreaterThan(2 ** 20)
    expect(positions.map((position) => pages.at(position))).toEqual(texts)
  })

  it.each([
    ['RECH1', true],
    ['RECH2', false],
    ['RECH', false],
    ['RECH12', false],
  ])('hasAt() of the place of RECH1: %s is %s', (text, expected) => {
    const pages = new TextPages()
    pages.add('before')
    const position = pages.add('RECH1')
    const bytes = new Uint8Array(keyBytesMax)
    const length = pages.encode(text, bytes)
    expect(pages.hasAt(position, { bytes, length })).toBe(expected)
  })
})

test('NumberColumn has what was set, and 0 elsewhere, also beyond its first length', () => {
  const column = new NumberColumn(Uint16Array)
  column.set(7, 65_535)
  column.set(100_000, 3)
  column.set(1_023, 1)
  expect([7, 8, 1_023, 1_024, 100_000, 100_001, 9_999_999].map((at) => column.get(at))).toEqual([
    ...[65_535, 0, 1, 0, 3, 0, 0],
  ])
})
