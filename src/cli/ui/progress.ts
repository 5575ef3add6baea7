/**
 * Progress of everything that takes over a second: a spinner or a bar at a terminal, plain lines elsewhere. Always
 * on stderr, so that stdout carries only results. A step that ends within a second leaves no line in a log.
 */
import { formatDuration } from './format.ts'
import { isColoured, paint, plainText } from './terminal.ts'

export interface Step {
  update(progress: { fraction?: number | null; detail?: string }): void
  /** Ends the step; `note` says what came of it. */
  done(note?: string): void
  fail(note?: string): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100
/** In a log: nothing about a step that is over by then. */
const QUIET_MS = 1000
/** In a log: at most one line of detail in this time. */
const LINE_EVERY_MS = 10_000
const BAR_WIDTH = 24

export function step(title: string, stream: NodeJS.WriteStream = process.stderr): Step {
  return stream.isTTY === true && process.env['TERM'] !== 'dumb'
    ? terminalStep(title, stream)
    : plainStep(title, stream)
}

/** Runs `work` as a step: done when it resolves, failed when it throws. */
export async function during<T>(title: string, work: (step: Step) => Promise<T>): Promise<T> {
  const progress = step(title)
  try {
    const value = await work(progress)
    progress.done()
    return value
  } catch (error) {
    progress.fail()
    throw error
  }
}

function terminalStep(title: string, stream: NodeJS.WriteStream): Step {
  const colour = isColoured(stream)
  const startedAt = performance.now()
  let frame = 0
  let fraction: number | null = null
  let detail = ''
  let isOver = false
  const draw = (): void => {
    const elapsed = performance.now() - startedAt
    const spinner = paint('cyan', FRAMES[frame++ % FRAMES.length] ?? '', colour)
    const bar = fraction === null ? '' : ` ${renderBar(fraction, BAR_WIDTH)}`
    const time = elapsed < QUIET_MS ? '' : ` ${formatDuration(elapsed)}`
    const room = (stream.columns ?? 80) - title.length - bar.length - time.length - 6
    const words = detail && room > 8 ? `  ${paint('dim', detail.slice(0, room), colour)}` : ''
    stream.write(`\r\u001B[K${spinner} ${title}${bar}${time}${words}`)
  }
  const timer = setInterval(draw, FRAME_MS)
  draw()
  const end = (mark: string, note: string | undefined): void => {
    if (isOver) return
    isOver = true
    clearInterval(timer)
    const time = paint('dim', formatDuration(performance.now() - startedAt), colour)
    stream.write(`\r\u001B[K${mark} ${title}${note ? `: ${note}` : ''}  ${time}\n`)
  }
  return {
    update: (progress) => {
      if (progress.fraction !== undefined) fraction = progress.fraction
      if (progress.detail !== undefined) detail = plainText(progress.detail).replace(/\s+/g, ' ')
    },
    done: (note) => end(paint('green', '✓', colour), note),
    fail: (note) => end(paint('red', '✗', colour), note),
  }
}

function plainStep(title: string, stream: NodeJS.WriteStream): Step {
  const startedAt = performance.now()
  let hasSpoken = false
  let spokeAt = startedAt
  let isOver = false
  const speak = (words: string): void => {
    hasSpoken = true
    spokeAt = performance.now()
    stream.write(`${words}\n`)
  }
  const timer = setTimeout(() => speak(`${title} …`), QUIET_MS)
  const end = (word: string, note: string | undefined): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    if (!hasSpoken && word === 'done' && !note) return
    const time = formatDuration(performance.now() - startedAt)
    speak(`${title}: ${note ?? word} (${time})`)
  }
  return {
    update: (progress) => {
      const now = performance.now()
      if (!hasSpoken || now - spokeAt < LINE_EVERY_MS) return
      const percent = progress.fraction == null ? '' : ` ${Math.floor(progress.fraction * 100)} %`
      const detail = progress.detail ? ` ${plainText(progress.detail)}` : ''
      if (percent || detail) speak(`${title} …${percent}${detail}`)
    },
    done: (note) => end('done', note),
    fail: (note) => end('failed', note),
  }
}

export function renderBar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width)
  return `${'━'.repeat(filled)}${'─'.repeat(width - filled)} ${Math.floor(fraction * 100)} %`
}
