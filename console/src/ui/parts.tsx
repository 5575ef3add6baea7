/** Small parts: buttons, states, fields, notes, copying. */
import {
  useId,
  useState,
  type ButtonHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
} from 'react'
import { Link } from 'react-router'
import { t } from '../text/t.ts'

type Look = 'primary' | 'danger' | 'quiet' | 'link' | 'plain'

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> {
  look?: Look
  isSmall?: boolean
  /** Why it cannot be used now: shown, read out, and the button stays reachable by keyboard. */
  whyNot?: string | undefined
  isBusy?: boolean
}

export function Button(props: ButtonProps) {
  const { look = 'plain', isSmall, whyNot, isBusy, className = '', onClick, ...rest } = props
  const isOff = whyNot !== undefined || isBusy === true
  return (
    <button
      type="button"
      {...rest}
      className={`button ${look} ${isSmall ? 'small' : ''} ${className}`}
      aria-disabled={isOff}
      title={whyNot ?? rest.title}
      onClick={(event) => {
        if (isOff) event.preventDefault()
        else onClick?.(event)
      }}
    />
  )
}

export function ButtonLink(props: { to: string; look?: Look; children: ReactNode }) {
  return (
    <Link to={props.to} className={`button ${props.look ?? 'plain'}`}>
      {props.children}
    </Link>
  )
}

export type Tone = 'good' | 'busy' | 'idle' | 'warn' | 'bad'

const TONES: Readonly<Record<string, Tone>> = {
  running: 'good',
  available: 'good',
  'in-use': 'good',
  completed: 'good',
  active: 'good',
  ready: 'good',
  registered: 'good',
  ok: 'good',
  pending: 'busy',
  stopping: 'busy',
  'shutting-down': 'busy',
  creating: 'busy',
  building: 'busy',
  deleting: 'busy',
  modifying: 'busy',
  initializing: 'busy',
  stopped: 'idle',
  terminated: 'idle',
  error: 'bad',
  failed: 'bad',
  impaired: 'bad',
}

export function State({ name, tone }: { name: string | undefined; tone?: Tone }) {
  const word = name ?? '–'
  return <span className={`state ${tone ?? TONES[word] ?? 'idle'}`}>{word}</span>
}

export function Note(props: { tone?: 'info' | 'warn' | 'bad' | 'good'; children: ReactNode }) {
  const { tone = 'info', children } = props
  return (
    <div className={`note ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <div className="grow">{children}</div>
    </div>
  )
}

export function Field(props: {
  label: string
  /** Of the control inside. */
  id: string
  hint?: ReactNode
  wrong?: string | undefined
  children: ReactNode
}) {
  const { label, id, hint, wrong, children } = props
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {hint !== undefined && <div className="hint">{hint}</div>}
      {wrong !== undefined && (
        <div className="wrong" role="alert">
          {wrong}
        </div>
      )}
    </div>
  )
}

type FieldOf<Attributes> = Pick<Parameters<typeof Field>[0], 'label' | 'hint' | 'wrong'> &
  Omit<Attributes, 'id' | 'className' | 'onChange'> & { onChange(text: string): void }

/** A field of one line: words, or by `type` something like them. */
export function InputField(
  props: FieldOf<InputHTMLAttributes<HTMLInputElement>> & { isNarrow?: boolean },
) {
  const { label, hint, wrong, isNarrow, onChange, ...rest } = props
  const id = useId()
  return (
    <Field label={label} id={id} hint={hint} wrong={wrong}>
      <input
        {...rest}
        id={id}
        className={isNarrow ? 'input narrow' : 'input'}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  )
}

/**
 * A number: what is typed stands as it is while it is typed, and counts as soon as it lies within the bounds; whoever
 * leaves it otherwise finds the last that did.
 */
export function NumberField(
  props: Pick<Parameters<typeof InputField>[0], 'label' | 'hint' | 'isNarrow'> & {
    min: number
    max?: number
    /** Absent: whole numbers. */
    step?: number
    value: number
    onChange(value: number): void
  },
) {
  const { value, min, max = Number.POSITIVE_INFINITY, step = 1, onChange, ...rest } = props
  const [typed, setTyped] = useState<string>()
  const isGood = (text: string): boolean =>
    text.trim() !== '' && Number(text) >= min && Number(text) <= max && Number(text) % step === 0
  return (
    <InputField
      {...rest}
      type="number"
      required
      min={min}
      {...(Number.isFinite(max) && { max })}
      step={step}
      aria-invalid={typed !== undefined && !isGood(typed)}
      value={typed ?? value}
      onBlur={() => setTyped(undefined)}
      onChange={(text) => {
        setTyped(text)
        if (isGood(text)) onChange(Number(text))
      }}
    />
  )
}

/** A choice; its children are the options. */
export function SelectField(props: FieldOf<SelectHTMLAttributes<HTMLSelectElement>>) {
  const { label, hint, wrong, onChange, ...rest } = props
  const id = useId()
  return (
    <Field label={label} id={id} hint={hint} wrong={wrong}>
      <select
        {...rest}
        id={id}
        className="input"
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  )
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  const isNothing = children === undefined || children === null || children === ''
  return (
    <div>
      <dt>{name}</dt>
      <dd>{isNothing ? '–' : children}</dd>
    </div>
  )
}

export function Card(props: {
  title?: ReactNode
  actions?: ReactNode
  isPlain?: boolean
  children: ReactNode
}) {
  const { title, actions, isPlain, children } = props
  return (
    <section className={`card ${isPlain ? 'plain' : ''}`}>
      {title !== undefined && (
        <header>
          <h2 className="grow">{title}</h2>
          {actions}
        </header>
      )}
      <div className="body">{children}</div>
    </section>
  )
}

export function useCopied(): [boolean, (text: string) => void] {
  const [isCopied, setCopied] = useState(false)
  const copy = (text: string): void => {
    void copyText(text).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1500)
    })
  }
  return [isCopied, copy]
}

/** The clipboard's own door is closed on pages that came without TLS from another host. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text)
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

export function Code({ text, label }: { text: string; label?: string }) {
  const [isCopied, copy] = useCopied()
  return (
    <div className="code">
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <Button isSmall onClick={() => copy(text)}>
        {isCopied ? t('Copied') : t('Copy')}
      </Button>
    </div>
  )
}

export function CopyId({ text }: { text: string | undefined }) {
  const [isCopied, copy] = useCopied()
  if (!text) return <>–</>
  return (
    <span className="row" style={{ gap: 4 }}>
      <span className="mono">{text}</span>
      <Button
        look="link"
        isSmall
        aria-label={t('Copy {text}', { text })}
        onClick={() => copy(text)}
      >
        {isCopied ? '✓' : <CopyIcon />}
      </Button>
    </span>
  )
}

function CopyIcon() {
  return (
    <svg width="13" height="13" viewBox="0 0 16 16" fill="none" stroke="currentColor" aria-hidden>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" strokeWidth="1.4" />
      <path d="M10.5 3.5v-1h-8v8h1" strokeWidth="1.4" strokeLinecap="round" />
    </svg>
  )
}

export function Empty(props: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{props.title}</h2>
      {props.children}
    </div>
  )
}

export function Bar({ fraction, tone }: { fraction: number | null; tone?: 'warn' }) {
  const percent = Math.round(Math.min(1, Math.max(0, fraction ?? 0)) * 100)
  return (
    <div
      className={`bar ${tone ?? ''}`}
      role="progressbar"
      aria-label={t('Progress')}
      {...(fraction === null ? {} : { 'aria-valuenow': percent })}
    >
      <span style={{ width: `${percent}%` }} />
    </div>
  )
}

export function PageHead(props: { title: ReactNode; subtitle?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="row between wrap">
      <div className="stack tight">
        <h1>{props.title}</h1>
        {props.subtitle !== undefined && <div className="muted">{props.subtitle}</div>}
      </div>
      <div className="row wrap">{props.actions}</div>
    </div>
  )
}
