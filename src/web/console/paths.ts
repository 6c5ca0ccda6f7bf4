/** Addresses of pages that other pages lead to. What strangers chose is percent-encoded in them. */

export function orderPath(orderNo: string): string {
  return `/orders/${encodeURIComponent(orderNo)}`
}

export function reviewPath(orderNo: string): string {
  return `/reviews/${encodeURIComponent(orderNo)}`
}

export function ordersOfUserPath(userId: string): string {
  return `/orders?user_id=${encodeURIComponent(userId)}`
}

/** Browsers take dots away from paths, however they are encoded; in a query they leave them. */
export function accountPath(userId: string): string {
  const encoded = encodeURIComponent(userId)
  return userId === '.' || userId === '..' ? `/accounts?user_id=${encoded}` : `/accounts/${encoded}`
}
