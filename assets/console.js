// What the pages do beyond links and forms. Each page works without it.

// htmx responses: a page is shown with any status; a refusal as text is shown above the content.
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if (detail.xhr.status < 400) return
  detail.shouldSwap = isOf(detail.xhr, 'text/html')
  detail.isError = !detail.shouldSwap
})
document.addEventListener('htmx:responseError', ({ detail }) => {
  showTrouble(isOf(detail.xhr, 'text/plain') ? detail.xhr.responseText : undefined)
})
document.addEventListener('htmx:sendError', () => showTrouble())

// The message disappears with the next successful response.
document.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.successful) document.getElementById('trouble').hidden = true
})

// The pressed button had the focus and was removed: keyboard and screen reader continue at the result.
document.addEventListener('htmx:afterSettle', ({ target }) => {
  if (target.id !== 'content' || document.activeElement !== document.body) return
  const place = target.querySelector('[aria-invalid="true"], .notice:not([hidden])') ?? target
  if (place.matches('.notice')) place.tabIndex = -1
  place.focus({ preventScroll: place === target })
})

function isOf(xhr, type) {
  return (xhr.getResponseHeader('content-type') ?? '').startsWith(type)
}

function showTrouble(text) {
  const trouble = document.getElementById('trouble')
  trouble.textContent = text ?? trouble.dataset.unreachable
  trouble.hidden = false
}

// Orders: buttons with data-copy, the id of the element to copy. Hidden without scripts.
document.addEventListener('click', async ({ target }) => {
  const button = target.closest?.('button[data-copy]')
  if (!button || button.dataset.label) return
  const text = document.getElementById(button.dataset.copy)?.textContent ?? ''
  if (!(await copied(text))) return
  button.dataset.label = button.textContent
  button.textContent = button.dataset.copied
  setTimeout(() => {
    button.textContent = button.dataset.label
    delete button.dataset.label
  }, 2000)
})

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    // The clipboard API needs https or localhost, and may be denied: fall back to the old way.
    return copiedByHand(text)
  }
}

function copiedByHand(text) {
  const area = document.createElement('textarea')
  area.value = text
  area.className = 'copying'
  document.body.append(area)
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  return done
}

// The page that reports an unavailable database returns to the requested page once that is available.
setInterval(async () => {
  const path = document.getElementById('content')?.dataset.comeBack
  if (path === undefined) return
  const headers = { accept: 'text/html' }
  const answer = await fetch(path, { method: 'HEAD', headers }).catch(() => null)
  if (answer !== null && answer.status !== 503) location.assign(path)
}, 5_000)
