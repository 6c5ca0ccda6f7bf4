/** A page and whatever checks it: no more is needed, and a shop's database has others to serve. */
export const connectionsMax = 2

/** A page takes milliseconds by its index. What takes longer is a burden, and is ended by the server. */
export const statementMsMax = 5_000

/** Ours, for when the server is gone. */
export const queryMsMax = statementMsMax + 3_000

export const connectMsMax = 5_000

/** A page of 500 rows is read in some 5 ms, and is queried at the gateway in 25 s at the usual quota. */
export const pageRowsMax = 500

/** A column with more distinct values than this holds no statuses. */
export const statusesMax = 60

/** Rows of one page's numbers. Where there are more, the column holds no order numbers. */
export const sameNumberMax = 20_000
