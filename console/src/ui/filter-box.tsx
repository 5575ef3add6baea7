/** The search field over a table: words filter as they are typed, properties become tokens. `/` leads to it. */
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { t } from '../text/t.ts'
import { tokenParse, tokenText, type Property, type Token } from '../util/filter.ts'

const VALUES_MAX = 12

export interface FilterBoxProps {
  properties: readonly Property<never>[]
  valuesOf(property: string, most: number): string[]
  tokens: readonly Token[]
  text: string
  placeholder: string
  onChange(next: { tokens: readonly Token[]; text: string }): void
}

export function FilterBox(props: FilterBoxProps) {
  const { properties, tokens, text, placeholder, onChange } = props
  const [isOpen, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const listId = useId()
  useEffect(() => {
    const focus = (event: globalThis.KeyboardEvent): void => {
      const target = event.target as HTMLElement
      if (event.key !== '/' || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return
      if (target.closest('dialog, .terminal-box, .screen')) return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [])
  const suggestions = useMemo(() => (isOpen ? suggest(props) : []), [isOpen, props])
  const take = (value: string): void => {
    const token = tokenParse(value, properties)
    if (token.property !== null && token.value !== '') {
      onChange({ tokens: [...tokens, token], text: '' })
      setOpen(false)
    } else {
      onChange({ tokens, text: value })
    }
    setAt(-1)
    input.current?.focus()
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const step = event.key === 'ArrowDown' ? 1 : -1
      setOpen(true)
      setAt((n) =>
        suggestions.length === 0 ? -1 : (n + step + suggestions.length) % suggestions.length,
      )
      event.preventDefault()
    } else if (event.key === 'Enter') {
      take(suggestions[at]?.insert ?? text)
    } else if (event.key === 'Escape') {
      if (isOpen) setOpen(false)
      else onChange({ tokens: [], text: '' })
    } else if (event.key === 'Backspace' && text === '') {
      onChange({ tokens: tokens.slice(0, -1), text: '' })
    }
  }
  return (
    <div className="filter">
      <input
        ref={input}
        className="input"
        type="search"
        role="combobox"
        aria-expanded={isOpen && suggestions.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        {...(isOpen && suggestions[at] && { 'aria-activedescendant': `${listId}${at}` })}
        aria-label={placeholder}
        placeholder={placeholder}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onFocus={() => setOpen(true)}
        onBlur={() => setTimeout(() => setOpen(false), 120)}
        onChange={(event) => {
          setOpen(true)
          setAt(-1)
          onChange({ tokens, text: event.target.value })
        }}
        onKeyDown={onKey}
      />
      {isOpen && suggestions.length > 0 && (
        <div className="suggestions" role="listbox" id={listId} aria-label={t('Filters')}>
          {suggestions.map(({ insert, note }, index) => (
            <button
              key={insert}
              id={`${listId}${index}`}
              type="button"
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onPointerDown={(event) => {
                event.preventDefault()
                take(insert)
              }}
            >
              <span>{insert}</span>
              <span className="muted small">{note}</span>
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

function suggest({
  properties,
  valuesOf,
  text,
}: FilterBoxProps): { insert: string; note: string }[] {
  const token = tokenParse(text, properties)
  if (token.property !== null) {
    const wanted = token.value.toLowerCase()
    return valuesOf(token.property, VALUES_MAX * 4)
      .filter((value) => value.toLowerCase().includes(wanted))
      .slice(0, VALUES_MAX)
      .map((value) => ({ insert: tokenText({ ...token, value }), note: '' }))
  }
  const wanted = text.trim().toLowerCase()
  return properties
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .map(({ name }) => ({ insert: `${name} = `, note: t('property') }))
}

export function TokenChips(props: {
  tokens: readonly Token[]
  onChange(tokens: readonly Token[]): void
}) {
  const { tokens, onChange } = props
  if (tokens.length === 0) return null
  return (
    <>
      {tokens.map((token, index) => (
        <span key={tokenText(token)} className="chip">
          {tokenText(token)}
          <button
            type="button"
            aria-label={t('Remove filter {text}', { text: tokenText(token) })}
            onClick={() => onChange(tokens.filter((_, n) => n !== index))}
          >
            ✕
          </button>
        </span>
      ))}
      <button type="button" className="button link" onClick={() => onChange([])}>
        {t('Clear filters')}
      </button>
    </>
  )
}
