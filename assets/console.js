// What the pages do beyond links and forms. Each page works without it.

// Of what htmx asks for: a page is shown whatever its status, a refusal in words is told above.
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if (detail.xhr.status < 400) return
  detail.shouldSwap = isOf(detail.xhr, 'text/html')
  detail.isError = !detail.shouldSwap
})
document.addEventListener('htmx:responseError', ({ detail }) => {
  tellTrouble(isOf(detail.xhr, 'text/plain') ? detail.xhr.responseText : undefined)
})
document.addEventListener('htmx:sendError', () => tellTrouble())

// What was told is over as soon as something is answered as it should be.
document.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.successful) document.getElementById('trouble').hidden = true
})

// Whoever works by the keyboard, or is read to, goes on at what came of it: the button had the focus
// and was taken away.
document.addEventListener('htmx:afterSettle', ({ target }) => {
  if (target.id !== 'content' || document.activeElement !== document.body) return
  const place = target.querySelector('[aria-invalid="true"], .notice:not([hidden])') ?? target
  if (place.matches('.notice')) place.tabIndex = -1
  place.focus({ preventScroll: place === target })
})

function isOf(xhr, type) {
  return (xhr.getResponseHeader('content-type') ?? '').startsWith(type)
}

function tellTrouble(text) {
  const trouble = document.getElementById('trouble')
  trouble.textContent = text ?? trouble.dataset.unreachable
  trouble.hidden = false
}

// Orders: buttons with data-copy, the id of what they copy. Not shown where no script runs.
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
    // It is there on https and on this machine only, and may be denied: then the old way.
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

// A page that says that the database is away goes back to what was asked for once it can be had.
setInterval(async () => {
  const path = document.getElementById('content')?.dataset.comeBack
  if (path === undefined) return
  const headers = { accept: 'text/html' }
  const answer = await fetch(path, { method: 'HEAD', headers }).catch(() => null)
  if (answer !== null && answer.status !== 503) location.assign(path)
}, 5_000)
