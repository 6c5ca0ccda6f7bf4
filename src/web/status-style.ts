/** Of the status page; a string, so that the build has no files to copy. */
export const statusStyle = `:root {
  color-scheme: light dark;
  --text: light-dark(#1c2024, #e6e8eb);
  --quiet: light-dark(#5b6470, #9aa4af);
  --ground: light-dark(#fafbfc, #14171a);
  --line: light-dark(#dde1e6, #2c3238);
  --good: light-dark(#17663a, #6fd39a);
  --bad: light-dark(#b3261e, #ff8f86);
}
* { box-sizing: border-box }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 60rem;
  font: 15px/1.5 system-ui, "PingFang SC", "Noto Sans CJK SC", sans-serif;
  color: var(--text); background: var(--ground);
}
header { display: flex; align-items: baseline; gap: 1rem }
h1 { font-size: 1.4rem; margin: 0 }
h2 { font-size: 1rem; margin: 1.75rem 0 .5rem }
header p, th { color: var(--quiet) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 500; white-space: nowrap }
.good { color: var(--good) }
.bad { color: var(--bad); font-weight: 600 }
footer { margin-top: 2rem }
nav { display: flex; flex-wrap: wrap; gap: 1.25rem }
a { color: inherit }
`
