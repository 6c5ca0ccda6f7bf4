// The live overview. htmx inserts the server-sent events; this file shows the state of the connection,
// the countdown and the charts. Without it the page has the same content, but is not updated.

const page = document.getElementById('overview')
const liveState = document.getElementById('live-state')

// --- The connection ------------------------------------------------------------------------------

// The server sends an event every few seconds; after this time without one the connection is dead.
const silenceMs = 30_000

const stream = { source: null, receivedAt: Date.now(), isLost: false, hasEnded: false }

// htmx opens its streams by this function, so this file also receives events that change no region.
htmx.createEventSource = (url) => {
  const source = new EventSource(url)
  stream.source = source
  stream.receivedAt = Date.now()
  source.addEventListener('tick', ({ data }) => {
    stream.receivedAt = Date.now()
    setClock(data)
    showLive()
  })
  source.addEventListener('ended', showEnded)
  // Without the database no login can be checked; the reloaded page reports that, and returns by itself.
  source.addEventListener('away', () => location.reload())
  if (document.hidden) source.close()
  return source
}

document.body.addEventListener('htmx:sseError', async () => {
  if (stream.hasEnded) return
  showLost()
  // htmx reconnects with growing delays, even after the end of the login: that is shown instead.
  if (stream.source.readyState !== EventSource.CLOSED) return
  const answer = await fetch('/', { method: 'HEAD' }).catch(() => null)
  if (answer?.status === 401) showEnded()
})

// A hidden page closes its connection: a browser has six for all tabs of one server.
document.addEventListener('visibilitychange', () => {
  if (document.hidden) stream.source?.close()
  else connectAgain()
})

// htmx reopens a closed stream after an error event.
function connectAgain() {
  if (stream.hasEnded || stream.source === null) return
  stream.source.close()
  stream.receivedAt = Date.now()
  stream.source.dispatchEvent(new Event('error'))
}

function showLive() {
  if (stream.hasEnded) return
  stream.isLost = false
  setState(liveState.dataset.live, 'live')
}

function showLost() {
  if (stream.isLost || stream.hasEnded) return
  stream.isLost = true
  // The server's time of the last event. A time computed with this machine's clock can be a millisecond
  // earlier, and then falls into the second before.
  setState(liveState.dataset.lost.replace('{time}', timeOfDay(new Date(clock.setTo))), 'lost')
}

function showEnded() {
  stream.hasEnded = true
  // Without the attribute, htmx does not reconnect.
  page.removeAttribute('sse-connect')
  stream.source.close()
  const link = document.createElement('a')
  link.href = location.href
  link.textContent = liveState.dataset.logIn
  setState(`${liveState.dataset.ended} `, 'lost', link)
}

function setState(text, state, link) {
  if (liveState.dataset.state === state && state === 'live') return
  liveState.dataset.state = state
  liveState.replaceChildren(text, ...(link ? [link] : []))
}

// --- The countdown, by the database's clock --------------------------------------------------------

const clock = { setTo: 0, aheadMs: 0 }

// The clock is not adjusted while no event comes, so `setTo` is the time of the last one.
function setClock(time) {
  clock.setTo = Date.parse(time)
  clock.aheadMs = clock.setTo - Date.now()
}

function countDown() {
  for (const place of document.querySelectorAll('time[data-countdown]')) {
    const leftMs = Date.parse(place.dateTime) - Date.now() - clock.aheadMs
    const left = leftText(Math.max(0, Math.ceil(leftMs / 1000)))
    const { countdown, countdownNow } = place.dataset
    place.textContent = leftMs <= 0 ? countdownNow : countdown.replace('{left}', left)
  }
}

// 4:32, or 1:04:32.
function leftText(seconds) {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const [first, ...rest] = parts[0] === 0 ? parts.slice(1) : parts
  return [first, ...rest.map((part) => String(part).padStart(2, '0'))].join(':')
}

// In UTC+8, like all times here.
function timeOfDay(date) {
  return new Date(date.getTime() + 8 * 3_600_000).toISOString().slice(11, 19)
}

// --- The charts ------------------------------------------------------------------------------------

const charts = new Map()

function drawCharts() {
  // Without uPlot the page still has the table.
  if (typeof uPlot === 'undefined') return
  const data = JSON.parse(document.getElementById('chart-data').value)
  draw('credits', data, { series: data.credits, kind: 'bars', colors: [1, 3, 2, 4] })
  draw('latency', data, { series: data.latency, kind: 'lines', colors: [1, 2] })
  draw('calls', data, { series: data.calls, kind: 'bars', colors: [1, 5] })
}

function draw(name, { at, slotS }, { series, kind, colors }) {
  const place = document.getElementById(`chart-${name}`)
  // Drawn from the largest sum to the smallest: each bar in front covers a part of the one behind it.
  const values = kind === 'bars' ? stacked(series) : series.map((each) => each.values)
  const data = [at, ...values]
  const drawn = charts.get(name)
  if (drawn) {
    drawn.raw = series
    drawn.plot.setData(data)
    return
  }
  const chart = { raw: series }
  const color = (index) => cssColor(`--chart-${colors[index]}`)
  chart.plot = new uPlot(
    {
      width: place.clientWidth,
      height: 180,
      cursor: { y: false, points: { show: kind === 'lines' } },
      legend: { live: true },
      scales: {
        x: { time: true, range: (plot) => [plot.data[0][0], plot.data[0].at(-1) + slotS] },
        y: scaleOf(kind),
      },
      axes: [
        axis({
          values: (_plot, splits) => splits.map((s) => timeOfDay(new Date(s * 1000)).slice(0, 5)),
        }),
        axis({
          size: 56,
          ...splitsOf(kind),
          values: (_plot, splits) => splits.map(kind === 'lines' ? durationText : countText),
        }),
      ],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Asia/Shanghai'),
      series: [
        {
          label: page.dataset.time,
          value: (_plot, s) => (s == null ? '' : timeOfDay(new Date(s * 1000)).slice(0, 5)),
        },
        ...series.map(({ label }, index) => ({
          label,
          stroke: color(index),
          ...(kind === 'bars'
            ? {
                fill: color(index),
                width: 0,
                points: { show: false },
                paths: uPlot.paths.bars({ size: [0.8, 40], align: 1 }),
              }
            : { width: 2, spanGaps: false, points: { show: true, size: 5, fill: color(index) } }),
          value: (_plot, _value, _series, point) => {
            const value = point == null ? null : chart.raw[index].values[point]
            if (value == null) return ''
            return kind === 'lines' ? durationText(value) : countText(value)
          },
        })),
      ],
    },
    data,
    place,
  )
  charts.set(name, chart)
}

// Each series plus those after it, so that the tallest bars are drawn first.
function stacked(series) {
  return series.map((_each, index) =>
    series[0].values.map((value, point) =>
      value == null
        ? null
        : series.slice(index).reduce((sum, { values }) => sum + values[point], 0),
    ),
  )
}

function scaleOf(kind) {
  if (kind === 'bars') return { range: (_plot, _min, max) => [0, Math.max(4, max * 1.1)] }
  const range = (_plot, _min, max) => [0.3, Math.max(60, (max ?? 1) * 2)]
  return { distr: 3, range }
}

// Units in which people count time, each about ten times the one before.
const durationsS = [1, 10, 60, 600, 3600, 21_600, 86_400, 604_800, 2_592_000]

function splitsOf(kind) {
  if (kind === 'bars') return {}
  const within = (low, high) => durationsS.filter((each) => each >= low && each <= high)
  return {
    splits: (_plot, _axis, low, high) => within(low, high),
    filter: (_plot, splits) => splits,
  }
}

function axis(options) {
  const muted = cssColor('--muted')
  const line = { stroke: cssColor('--line'), width: 1 }
  return { stroke: muted, grid: line, ticks: line, font: '12px system-ui, sans-serif', ...options }
}

// The colour that light-dark() resolves to: only an element has it.
function cssColor(name) {
  const probe = document.createElement('i')
  probe.className = `probe ${name.slice(2)}`
  page.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function durationText(seconds) {
  if (seconds == null) return ''
  const { d, h, min, s } = JSON.parse(page.dataset.units)
  if (seconds < 1) return `< 1 ${s}`
  if (seconds < 60) return `${Number(seconds.toPrecision(2))} ${s}`
  if (seconds < 3600) return `${Number((seconds / 60).toPrecision(2))} ${min}`
  if (seconds < 86_400) return `${Number((seconds / 3600).toPrecision(2))} ${h}`
  return `${Number((seconds / 86_400).toPrecision(2))} ${d}`
}

function countText(count) {
  return count == null || !Number.isInteger(count) ? '' : count.toLocaleString('en')
}

function redrawCharts() {
  for (const { plot } of charts.values()) plot.destroy()
  charts.clear()
  drawCharts()
}

// ---------------------------------------------------------------------------------------------------

document.body.addEventListener('htmx:sseMessage', ({ detail }) => {
  if (detail.type === 'numbers') drawCharts()
  if (detail.type === 'figures') countDown()
})
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawCharts)

const widths = new ResizeObserver(() => {
  for (const { plot } of charts.values()) {
    plot.setSize({ width: plot.root.parentElement.clientWidth, height: 180 })
  }
})
for (const place of document.querySelectorAll('.chart')) widths.observe(place)

setClock(page.dataset.now)
drawCharts()
countDown()
setInterval(() => {
  countDown()
  const isSilent = Date.now() - stream.receivedAt > silenceMs
  if (!isSilent || stream.source === null || document.hidden) return
  connectAgain()
}, 1000)
