import { Badge } from '../../frame/parts.tsx'
import { useLocale } from '../../frame/rendering.ts'
import { type Advice, adviceOn } from '../advice.ts'
import { isBad } from '../verdict.ts'
import type { View } from '../view.ts'
import { overviewWords } from '../words.ts'

/** The verdict first, then each concern: with advice, or after its cause. */
export function VerdictPanel({ verdict: { tone, concerns } }: View) {
  const words = overviewWords()
  return (
    <div class={`promise ${tone}`}>
      <p class="lead">
        <Badge tone={tone}>{words.tones[tone]}</Badge> {words.verdict[tone]}
      </p>
      {concerns.length > 0 && (
        <ul class="concerns">
          {concerns.map((concern) => (
            <li key={concern.kind} class={isBad(concern) ? 'bad' : 'warn'}>
              <AdviceText advice={adviceOn(concern, { locale: useLocale() })} />
            </li>
          ))}
        </ul>
      )}
      <p class="muted">{words.promise}</p>
    </div>
  )
}

function AdviceText({ advice }: { advice: Advice }) {
  const words = overviewWords()
  return (
    <>
      <strong>{advice.what}</strong> <br />
      {advice.todo === null ? (
        <span class="muted">{words.follows}</span>
      ) : (
        <>
          {words.toDo} {advice.todo}
          {advice.path !== null && (
            <>
              {' '}
              <a href={advice.path}>{words.open(advice.path)}</a>
            </>
          )}
        </>
      )}
    </>
  )
}
