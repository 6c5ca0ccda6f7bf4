/** Paths of pages that other pages link to. Foreign texts are percent-encoded in them. */

export function orderPath(orderNo: string): string {
  return `/orders/${encodeURIComponent(orderNo)}`
}

export function reviewPath(orderNo: string): string {
  return `/reviews/${encodeURIComponent(orderNo)}`
}

export function ordersOfUserPath(userId: string): string {
  return `/orders?user_id=${encodeURIComponent(userId)}`
}

/** Browsers remove dot segments from paths, even encoded ones, but not from a query. */
export function accountPath(userId: string): string {
  const encoded = encodeURIComponent(userId)
  return userId === '.' || userId === '..' ? `/accounts?user_id=${encoded}` : `/accounts/${encoded}`
}
