import type { Door, Emit } from '../../domain/event.ts'
import { networkOf } from './address.ts'
import { FewLines } from './few-lines.ts'

interface WrongToken {
  readonly door: Door
  readonly address: string
}

/** Reports wrong tokens in a limited number of lines, by door and network. */
export class WrongTokenReport {
  readonly #lines: FewLines<WrongToken>

  constructor(emit: Emit) {
    this.#lines = new FewLines((last, count) => {
      emit({ type: 'wrong_tokens', ...(last ?? { door: null, address: null }), count })
    })
  }

  note({ door, address }: WrongToken): void {
    this.#lines.note(`${door} ${networkOf(address)}`, { door, address })
  }

  /** Reports the counts that are not reported yet. */
  end(): void {
    this.#lines.end()
  }
}
