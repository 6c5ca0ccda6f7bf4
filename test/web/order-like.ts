import fc from 'fast-check'

/** Mostly right, so that one wrong part is looked at by itself. */
const nearly = <T>(right: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue() })

export const anyText = fc.oneof(
  fc.string({ minLength: 1, maxLength: 100 }),
  fc.stringMatching(/^[\u4e00-\u9fff]{1,64}$/),
  fc.string({ unit: 'binary', maxLength: 140 }),
)
const amount = fc.oneof(fc.integer({ min: 1 }), fc.double(), fc.maxSafeInteger())
const time = fc
  .date({ min: new Date('1990-01-01'), max: new Date('2110-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())

const facts = { user_id: nearly(anyText), amount: nearly(amount) }
/** Bodies of POST /v1/orders, some of them right. */
export const orderLike = fc.oneof(
  fc.record(
    {
      ...facts,
      description: nearly(anyText),
      attach: nearly(anyText),
      adopt: nearly(fc.constant(false)),
    },
    { requiredKeys: ['user_id', 'amount', 'description'] },
  ),
  fc.record(
    {
      ...facts,
      adopt: nearly(fc.constant(true)),
      order_no: nearly(fc.stringMatching(/^[0-9A-Za-z_\-|*]{5,33}$/)),
      created_at: nearly(time),
      expires_at: nearly(time),
    },
    { requiredKeys: ['user_id', 'amount', 'adopt', 'order_no'] },
  ),
)
