/** The current time. Only tests and embedders replace it; in production the database's clock decides. */
export type Clock = () => Date

export const systemClock: Clock = () => new Date()
