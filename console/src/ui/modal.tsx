/** A dialog over the page, by the browser's own element: it keeps the focus inside and gives it back. */
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from 'react'
import { createPortal } from 'react-dom'
import { wordsOf } from '../aws/clients.ts'
import { t } from '../text/t.ts'
import { Button, Note } from './parts.tsx'

export function Modal(props: {
  title: string
  onClose(): void
  /** Absent: there is only a button to close. Its rejection is shown. */
  submit?: {
    label: string
    run(): Promise<void> | void
    isDanger?: boolean
    whyNot?: string | undefined
  }
  isWide?: boolean
  children: ReactNode
}) {
  const { title, onClose, submit, isWide, children } = props
  const dialog = useRef<HTMLDialogElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [wrong, setWrong] = useState<string>()
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const onSubmit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    event.stopPropagation()
    if (!submit || submit.whyNot !== undefined || isBusy) return
    setBusy(true)
    setWrong(undefined)
    try {
      await submit.run()
    } catch (error) {
      setWrong(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  // Not inside of the dialog that opened it: forms lie in no forms.
  return createPortal(
    <dialog
      ref={dialog}
      className={`modal ${isWide ? 'wide' : ''}`}
      aria-label={title}
      onClose={onClose}
      onCancel={onClose}
    >
      <form method="dialog" onSubmit={(event) => void onSubmit(event)}>
        <header>
          <h2>{title}</h2>
          <Button look="quiet" isSmall aria-label={t('Close')} onClick={onClose}>
            ✕
          </Button>
        </header>
        <div className="body">
          {children}
          {wrong !== undefined && <Note tone="bad">{wrong}</Note>}
        </div>
        <footer>
          <Button onClick={onClose}>{submit ? t('Cancel') : t('Close')}</Button>
          {submit && (
            <Button
              type="submit"
              look={submit.isDanger ? 'danger' : 'primary'}
              isBusy={isBusy}
              whyNot={submit.whyNot}
              onClick={() => {}}
            >
              {submit.label}
            </Button>
          )}
        </footer>
      </form>
    </dialog>,
    document.body,
  )
}
