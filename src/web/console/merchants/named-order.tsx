import type { FastifyReply, FastifyRequest } from 'fastify'
import { merchantNamed, type OfMerchant } from '../../../desks.ts'
import { type MerchantIdentity, merchantName } from '../../../domain/merchant.ts'
import type { Order } from '../../../domain/order.ts'
import { catalog } from '../../../i18n/locale.ts'
import type { Budan } from '../../../service.ts'
import { SeveralOrdersError } from '../../../store/find-order.ts'
import { ofOrder } from '../../found-order.ts'
import { givenOf } from '../forms.ts'
import { Page, type Section, sendPage } from '../layout.tsx'
import { Facts, Money, Notice, StatusBadge, Time } from '../parts.tsx'
import { addressOf, type OrderAddress } from '../paths.ts'
import { useLocale, useMerchants } from '../rendering.ts'

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

/** As the request says it: the forms of a page are about the order that the page is about. */
export function addressIn(
  request: FastifyRequest,
  { order, merchants }: { readonly order: Order } & Pick<Budan, 'merchants'>,
): OrderAddress {
  const { orderNo } = order
  const { merchant = null } = whichIn(request)
  return merchant === null
    ? addressOf(merchants, { orderNo, merchant: order })
    : { orderNo, merchant }
}

export interface Choosing {
  readonly section: Section
  readonly path: (address: OrderAddress) => string
}

/**
 * The order of a path. Null: several merchants have its number and none was named, so a page to choose was
 * sent; a form does nothing then. Throws `Refusal` where there is none.
 */
export async function orderOrChoice(
  { request, reply, orderNo }: Exchange,
  { budan, choosing }: { readonly budan: Budan; readonly choosing: Choosing },
): Promise<Order | null> {
  try {
    return await ofOrder(orderNo, (number) => budan.findOrder(number, whichIn(request)))
  } catch (error) {
    if (!(error instanceof SeveralOrdersError)) throw error
    const orders = await budan.store.findOrders(orderNo)
    const isForm = request.method === 'POST'
    sendPage(reply.code(isForm ? 409 : 200), <ChoicePage {...{ orders, choosing, isForm }} />)
    return null
  }
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly orderNo: string
}

interface ChoiceProps {
  readonly orders: readonly Order[]
  readonly choosing: Choosing
  readonly isForm: boolean
}

function ChoicePage({ orders, choosing, isForm }: ChoiceProps) {
  const words = choiceWords(useLocale())
  const merchants = useMerchants()
  const orderNo = orders[0]?.orderNo ?? ''
  return (
    <Page title={words.title(orderNo)} section={choosing.section}>
      <h1>{words.title(orderNo)}</h1>
      <p>{words.lead}</p>
      {isForm && <Notice tone="warn">{words.nothingDone}</Notice>}
      {orders.map((order) => {
        const merchant = merchantName(merchants, order)
        return (
          <article key={merchant}>
            <h2>
              <a href={choosing.path({ orderNo, merchant })}>{words.ofMerchant(merchant)}</a>{' '}
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
