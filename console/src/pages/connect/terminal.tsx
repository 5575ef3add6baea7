/** A terminal (xterm.js) at the end of a stream: fits its box, says how the line is, can be opened again. */
import { FitAddon } from '@xterm/addon-fit'
import { Terminal as XTerm } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { useEffect, useRef, useState } from 'react'
import { streamAddress, type StreamWish } from '../../aws/host.ts'
import { wordsOf } from '../../aws/clients.ts'
import { t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Button, Note } from '../../ui/parts.tsx'

const THEME = {
  background: '#0d1117',
  foreground: '#d5dbe3',
  cursor: '#62cbd9',
  selectionBackground: '#2c4a55',
}

/** The page's policy takes styles that a script makes only with the document's word; the terminal makes its own. */
function stylesWithNonce(): () => void {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name=style-nonce]')?.content ?? ''
  const make = document.createElement.bind(document)
  const patched = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = make(name, options)
    if (name === 'style') element.nonce = nonce
    return element
  }
  document.createElement = patched as typeof document.createElement
  return () => {
    document.createElement = make
  }
}

/** A machine may put a link beneath any words: where it leads is said before it is followed, by http(s) only. */
function linkAsk(address: string): void {
  if (!/^https?:\/\//i.test(address)) return
  ask({
    title: t('Open a page that the machine names?'),
    words: address,
    label: t('Open'),
    done: t('It is opened in another tab'),
    run: async () => void window.open(address, '_blank', 'noopener,noreferrer'),
  })
}

type Line = { status: 'opening' | 'open' } | { status: 'closed'; words: string }

export function Terminal({ wish, hint }: { wish: StreamWish; hint?: string }) {
  const box = useRef<HTMLDivElement>(null)
  const [line, setLine] = useState<Line>({ status: 'opening' })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const restore = stylesWithNonce()
    const terminal = new XTerm({
      theme: THEME,
      fontFamily: "'DejaVu Sans Mono', Menlo, Consolas, monospace",
      fontSize: 14,
      // Without it underscores are cut off.
      lineHeight: 1.2,
      cursorBlink: true,
      scrollback: 5_000,
      convertEol: wish.type === 'serial',
      linkHandler: { activate: (_event, address) => linkAsk(address) },
    })
    const fit = new FitAddon()
    terminal.loadAddon(fit)
    terminal.open(box.current!)
    fit.fit()
    const end = join(terminal, fit, box.current!, wish, setLine)
    terminal.focus()
    return () => {
      end()
      terminal.dispose()
      restore()
    }
  }, [wish, turn])
  return (
    <>
      <div className="row between wrap">
        <span className="muted small" role="status">
          {line.status === 'opening' && t('Connecting…')}
          {line.status === 'open' && (hint ?? t('Connected'))}
        </span>
        {line.status === 'closed' && (
          <Button isSmall look="primary" onClick={() => setTurn(turn + 1)}>
            {t('Connect again')}
          </Button>
        )}
      </div>
      {line.status === 'closed' && <Note tone="warn">{line.words}</Note>}
      <div className="terminal-box" ref={box} />
    </>
  )
}

function join(
  terminal: XTerm,
  fit: FitAddon,
  box: HTMLElement,
  wish: StreamWish,
  setLine: (line: Line) => void,
): () => void {
  let socket: WebSocket | null = null
  let isOver = false
  let said: string | null = null
  const close = (words: string): void => {
    if (!isOver) setLine({ status: 'closed', words })
    isOver = true
  }
  const encoder = new TextEncoder()
  const send = (data: string | Uint8Array<ArrayBuffer>): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(data)
  }
  const disposals = [
    terminal.onData((text) => send(encoder.encode(text))),
    terminal.onBinary((text) => send(Uint8Array.from(text, (one) => one.charCodeAt(0)))),
    terminal.onResize(({ cols, rows }) => send(JSON.stringify({ resize: [cols, rows] }))),
  ]
  const observer = new ResizeObserver(() => fit.fit())
  observer.observe(box)
  const open = async (): Promise<void> => {
    setLine({ status: 'opening' })
    const address = await streamAddress(wish)
    if (isOver) return
    socket = new WebSocket(`${address}?columns=${terminal.cols}&rows=${terminal.rows}`)
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer | string>) => {
      if (typeof data !== 'string') return terminal.write(new Uint8Array(data))
      const word = JSON.parse(data) as { status?: string; error?: string }
      if (word.status === 'connected') setLine({ status: 'open' })
      if (word.error !== undefined) said = word.error
    })
    socket.addEventListener('close', ({ reason }) =>
      close(said ?? (reason || t('The line was closed.'))),
    )
  }
  open().catch((error: unknown) => close(wordsOf(error)))
  return () => {
    isOver = true
    observer.disconnect()
    for (const one of disposals) one.dispose()
    socket?.close()
  }
}
