import { Badge } from '../parts.tsx'
import { type Advice, adviceOn } from './advice.ts'
import { isBad } from './verdict.ts'
import type { View } from './view.ts'
import { type OverviewWords, overviewWords } from './words.ts'

/** The answer first, then each thing that is wrong with what to do. */
export function VerdictPanel({ verdict: { tone, concerns }, locale }: View) {
  const words = overviewWords(locale)
  return (
    <div class={`promise ${tone}`}>
      <p class="lead">
        <Badge tone={tone}>{words.tones[tone]}</Badge> {words.verdict[tone]}
      </p>
      {concerns.length > 0 && (
        <ul class="concerns">
          {concerns.map((concern) => (
            <li key={concern.kind} class={isBad(concern) ? 'bad' : 'warn'}>
              <AdviceText advice={adviceOn(concern, locale)} words={words} />
            </li>
          ))}
        </ul>
      )}
      <p class="muted">{words.promise}</p>
    </div>
  )
}

function AdviceText({
  advice: { what, todo, path },
  words,
}: {
  advice: Advice
  words: OverviewWords
}) {
  return (
    <>
      <strong>{what}</strong> <br />
      {words.toDo} {todo}
      {path !== undefined && (
        <>
          {' '}
          <a href={path}>{words.open(path)}</a>
        </>
      )}
    </>
  )
}
