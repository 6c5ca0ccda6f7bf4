import { Page } from '../frame/layout.tsx'
import { RunSection, type SightProps } from './run-section.tsx'
import { runWords } from './words.ts'

export function RunPage(props: SightProps) {
  const words = runWords()
  const title = words.title(props.id)
  return (
    <Page title={title} section="runs">
      <p class="back">
        <a href="/runs">{words.back}</a>
      </p>
      <h1>{title}</h1>
      <RunSection {...props} />
    </Page>
  )
}
