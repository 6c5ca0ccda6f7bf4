import type { FastifyRequest } from 'fastify'
import { merchantNamed, type OfMerchant } from '../../../desks.ts'
import { type MerchantIdentity, merchantName } from '../../../domain/merchant.ts'
import type { Order } from '../../../domain/order.ts'
import { catalog } from '../../../i18n/locale.ts'
import type { Budan } from '../../../service.ts'
import { SeveralOrdersError } from '../../../store/find-order.ts'
import { ofOrder } from '../../found-order.ts'
import { givenOf } from '../frame/forms.ts'
import { Page, sendPage } from '../frame/layout.tsx'
import { Facts, Money, Notice, StatusBadge, Time } from '../frame/parts.tsx'
import { useLocale, useMerchants } from '../frame/rendering.ts'
import { addressOf, type OrderAddress, orderPath, reviewPath } from '../paths.ts'
import type { Exchange } from '../visitor.ts'

/** Which merchant's order a path is about. */
export function whichIn({ query }: FastifyRequest): OfMerchant {
  const { merchant = '' } = givenOf(query)
  return { merchant: merchant === '' ? null : merchant.slice(0, nameMax) }
}

/** Whose orders a list is restricted to; null: it is not. Throws `MerchantError`. */
export function merchantOfList(
  request: FastifyRequest,
  { merchants }: Pick<Budan, 'merchants'>,
): MerchantIdentity | null {
  const { merchant = null } = whichIn(request)
  return merchant === null ? null : merchantNamed(merchants, merchant)
}

/** Longer than any name, so that a longer one is none. */
const nameMax = 100

/** The order of a path, and how its pages name it. */
interface NamedOrder {
  readonly order: Order
  readonly address: OrderAddress
}

/** The sections whose paths have the number of an order. */
const paths = { orders: orderPath, reviews: reviewPath }

/**
 * Null: several merchants have the number and none was named, so a page to choose was sent; a form does
 * nothing then. Throws `Refusal` where there is none.
 */
export async function orderOrChoice(
  { request, reply }: Exchange,
  { budan, section }: { readonly budan: Budan; readonly section: keyof typeof paths },
): Promise<NamedOrder | null> {
  const { order_no: orderNo } = request.params as { order_no: string }
  const { merchant = null } = whichIn(request)
  try {
    const order = await ofOrder(orderNo, (number) => budan.findOrder(number, { merchant }))
    // As the request says it: the forms of a page are about the order that the page is about.
    const address =
      merchant === null
        ? addressOf(budan.merchants, { orderNo, merchant: order })
        : { orderNo, merchant }
    return { order, address }
  } catch (error) {
    if (!(error instanceof SeveralOrdersError)) throw error
    const orders = await budan.store.findOrders(orderNo)
    const isForm = request.method === 'POST'
    sendPage(reply.code(isForm ? 409 : 200), <ChoicePage {...{ orders, section, isForm }} />)
    return null
  }
}

interface ChoiceProps {
  readonly orders: readonly Order[]
  readonly section: keyof typeof paths
  readonly isForm: boolean
}

function ChoicePage({ orders, section, isForm }: ChoiceProps) {
  const words = choiceWords(useLocale())
  const merchants = useMerchants()
  const orderNo = orders[0]?.orderNo ?? ''
  return (
    <Page title={words.title(orderNo)} section={section}>
      <h1>{words.title(orderNo)}</h1>
      <p>{words.lead}</p>
      {isForm && <Notice tone="warn">{words.nothingDone}</Notice>}
      {orders.map((order) => {
        const merchant = merchantName(merchants, order)
        return (
          <article key={merchant}>
            <h2>
              <a href={paths[section]({ orderNo, merchant })}>{words.ofMerchant(merchant)}</a>{' '}
              <StatusBadge status={order.status} />
            </h2>
            <Facts
              pairs={[
                [words.amount, <Money key="amount" fen={order.amount} />],
                [words.user, <bdi key="user">{order.userId}</bdi>],
                [words.created, <Time key="created" at={order.createdAt} />],
              ]}
            />
          </article>
        )
      })}
    </Page>
  )
}

const choiceWords = catalog({
  en: {
    title: (orderNo: string) => `Order ${orderNo}: of which merchant?`,
    lead: 'Several merchants have an order with this number. They are different orders.',
    nothingDone: 'The form did not say which order it is about, so nothing was done.',
    ofMerchant: (merchant: string) => `Of ${merchant}`,
    amount: 'Amount',
    user: 'User',
    created: 'Created',
  },
  zh: {
    title: (orderNo) => `订单 ${orderNo}：哪个商户的？`,
    lead: '有多个商户用了这个订单号，它们是不同的订单。',
    nothingDone: '表单没有说明是哪个商户的订单，因此没有执行任何操作。',
    ofMerchant: (merchant) => `商户 ${merchant}`,
    amount: '金额',
    user: '用户',
    created: '创建时间',
  },
})
