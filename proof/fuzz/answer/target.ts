import { createPublicKey } from 'node:crypto'
import { decide } from '../../../src/domain/decide.ts'
import type { Order } from '../../../src/domain/order.ts'
import { sentenceOf } from '../../../src/domain/reason.ts'
import type { Answer } from '../../../src/domain/trade.ts'
import {
  answerOf,
  type CheckedReply,
  closingOf,
  prepayOf,
} from '../../../src/gateway/wechat/answer.ts'
import {
  type Verification,
  verifySignature,
} from '../../../src/gateway/wechat/keys/verification.ts'
import { startsWithMark } from '../callback/payment.ts'
import type { Chance } from '../chance.ts'
import { type Keys, present } from '../keys.ts'
import {
  expectNoCrash,
  Finding,
  type InputResult,
  type OpenTarget,
  type Target,
} from '../target.ts'
import {
  codeIn,
  type ObservedReply,
  type PaidFacts,
  paidFactsIn,
  pays,
  saysAbsent,
  saysClosed,
} from './oracle.ts'
import { type RawReply, Replies } from './reply.ts'

/** The readers of answers: the program's own, unless a test puts a faulty one in place. */
export interface AnswerReaders {
  readonly answerOf: (checked: CheckedReply) => Answer
  readonly closingOf: typeof closingOf
  readonly prepayOf: typeof prepayOf
  readonly decide: typeof decide
}

const ownReaders: AnswerReaders = { answerOf, closingOf, prepayOf, decide }

/** Answers to budan's requests: they are verified, read and decided on. */
export function answerTarget(planted: Partial<AnswerReaders> = {}): Target {
  const readers = { ...ownReaders, ...planted }
  return {
    name: 'answer',
    weight: 52,
    async open({ keys }): Promise<OpenTarget> {
      const replies = new Replies(keys)
      const verify = verifierOf(keys)
      return {
        async feed(chance) {
          const { reply, signed, order } = replies.next(chance)
          const input = shown(reply)
          const verification = await expectNoCrash(input, () => verify(reply, { signed, chance }))
          if (verification.kind === 'valid' && signed !== 'genuine') {
            throw new Finding('wrong answer', 'accepted a wrong signature', input)
          }
          const checked: CheckedReply = {
            reply: { kind: 'reply', ...reply },
            verification,
            attempt: 'query order "x"',
          }
          // The verification may reject a genuine response whose headers were changed.
          const observed = {
            ...reply,
            signed: verification.kind === 'valid' ? signed : observedSignature(verification),
          }
          return judge({ checked, observed, order, input, readers })
        },
        close: async () => {},
      }
    },
  }
}

interface Case {
  readonly checked: CheckedReply
  readonly observed: ObservedReply
  readonly order: Order
  readonly input: unknown
  readonly readers: AnswerReaders
}

async function judge({ checked, observed, order, input, readers }: Case): Promise<InputResult> {
  const answer = await expectNoCrash(input, () => readers.answerOf(checked))
  judgeAnswer(answer, { observed, input })
  const decision = await expectNoCrash(input, () => readers.decide(order, answer, facts))
  const ought =
    order.status !== 'paid' && order.status !== 'review' && pays(paidFactsIn(observed), order)
  if (decision.kind === 'pay' && !ought)
    throw new Finding('wrong credit', sentenceOf(decision.reason), input)
  if (decision.kind !== 'pay' && ought && !isMarked(observed)) {
    throw new Finding('lost payment', sentenceOf(decision.reason), input)
  }
  const closing = await expectNoCrash(input, () => readers.closingOf(checked))
  if ((closing.kind === 'closed') !== saysClosed(observed)) {
    throw new Finding('wrong answer', `closing is ${closing.kind}`, input)
  }
  const prepay = await expectNoCrash(input, () => readers.prepayOf(checked))
  const code = codeIn(observed)
  if (
    prepay.kind === 'placed'
      ? prepay.payment.codeUrl !== code
      : code !== null && !isMarked(observed)
  ) {
    throw new Finding('wrong answer', `prepay is ${prepay.kind}`, input)
  }
  expectStorable([answer, closing, prepay], input)
  return answer.kind === 'unknown' ? 'rejected' : 'accepted'
}

function judgeAnswer(
  answer: Answer,
  { observed, input }: { observed: ObservedReply; input: unknown },
): void {
  const facts = paidFactsIn(observed)
  if (answer.kind === 'absent' && !saysAbsent(observed)) {
    throw new Finding('wrong answer', 'absent, but the response does not say so', input)
  }
  if (answer.kind !== 'trade') {
    if (facts !== null && !isMarked(observed)) throw new Finding('lost payment', answer.kind, input)
    return
  }
  if (observed.status !== 200 || observed.signed !== 'genuine') {
    throw new Finding('wrong answer', 'a trade in an unverified response', input)
  }
  const { trade } = answer
  if ((trade.state === 'paid') !== (facts !== null)) {
    throw new Finding('wrong credit', `read as ${trade.state} (${trade.reported})`, input)
  }
  if (facts !== null && !same(facts, trade)) {
    throw new Finding('wrong credit', 'the facts were read wrongly', input)
  }
}

function same(facts: PaidFacts, trade: PaidFacts | { [K in keyof PaidFacts]: unknown }): boolean {
  return (Object.keys(facts) as (keyof PaidFacts)[]).every((key) => facts[key] === trade[key])
}

function isMarked({ body }: ObservedReply): boolean {
  return startsWithMark(body)
}

/** Evidence is stored as JSON and shown: it may have no secret, and nothing that PostgreSQL refuses. */
function expectStorable(results: readonly { evidence: unknown }[], input: unknown): void {
  for (const { evidence } of results) {
    const text = JSON.stringify(evidence)
    if (text.length > 20_000) throw new Finding('wrong answer', 'evidence without a bound', input)
    if (text.includes('oFuzzedPayerOpenid'))
      throw new Finding('wrong answer', 'a full openid', input)
  }
}

const facts = {
  ...{ now: present, transactionOwner: null, absenceCredible: false, absenceSpreadMs: 60_000 },
}

function observedSignature(verification: Verification): ObservedReply['signed'] {
  return verification.kind === 'rejected' && verification.defect === 'unsigned'
    ? 'unsigned'
    : 'wrong'
}

/** Mostly by the word of the one who made it, which is cheap; else by the signature itself. */
function verifierOf(keys: Keys) {
  const { publicKeyId, publicKeyPem } = keys.merchant.wechatpay
  const key = createPublicKey(publicKeyPem)
  const ring = {
    find: async (serial: string) =>
      serial === publicKeyId
        ? ({ kind: 'key', key } as const)
        : ({ kind: 'missing', message: 'no such key', systemic: false } as const),
  }
  const never = new AbortController().signal
  return async (
    reply: RawReply,
    { signed, chance }: { signed: ObservedReply['signed']; chance: Chance },
  ): Promise<Verification> => {
    if (reply.sealed) return verifySignature(reply, { keys: ring, now: present, signal: never })
    if (signed === 'genuine') {
      return { kind: 'valid', serial: publicKeyId, signedAt: present }
    }
    const defect =
      signed === 'unsigned'
        ? 'unsigned'
        : chance.pick(['malformed', 'stale', 'probe', 'keyless', 'forged'] as const)
    return { kind: 'rejected', defect, message: 'made up', systemic: chance.percent(50) }
  }
}

function shown({ status, headers, body }: RawReply) {
  return { status, headers, body: Buffer.from(body).toString('base64') }
}
