/** The machine's screen, keyboard and mouse (noVNC). */
import type { Instance } from '@aws-sdk/client-ec2'
import RFB from '@novnc/novnc'
import { useEffect, useRef, useState } from 'react'
import { wordsOf } from '../../aws/clients.ts'
import { streamAddress } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Button, Note } from '../../ui/parts.tsx'

export default function Screen({ instance }: { instance: Instance }) {
  const instanceId = instance.InstanceId ?? ''
  const box = useRef<HTMLDivElement>(null)
  const rfb = useRef<RFB>(undefined)
  const [words, setWords] = useState<string>(t('Connecting…'))
  const [wrong, setWrong] = useState<string>()
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    let isOver = false
    const open = async (): Promise<void> => {
      const address = await streamAddress({ type: 'screen', instanceId })
      if (isOver || !box.current) return
      const one = new RFB(box.current, address, { wsProtocols: ['binary'], shared: true })
      one.scaleViewport = true
      one.background = '#000'
      rfb.current = one
      one.addEventListener('connect', () => {
        setWords(t('Connected'))
        one.focus()
      })
      one.addEventListener('disconnect', () => {
        if (!isOver) setWrong(t('The line was closed.'))
      })
    }
    setWrong(undefined)
    open().catch((error: unknown) => setWrong(wordsOf(error)))
    return () => {
      isOver = true
      rfb.current?.disconnect()
      rfb.current = undefined
    }
  }, [instanceId, turn])
  return (
    <>
      <div className="row between wrap">
        <span className="muted small" role="status">
          {wrong === undefined && words}
        </span>
        <div className="row wrap">
          <Button isSmall onClick={() => rfb.current?.sendCtrlAltDel()}>
            {t('Send Ctrl+Alt+Del')}
          </Button>
          <Button isSmall onClick={() => void box.current?.requestFullscreen()}>
            {t('Full screen')}
          </Button>
          {wrong !== undefined && (
            <Button isSmall look="primary" onClick={() => setTurn(turn + 1)}>
              {t('Connect again')}
            </Button>
          )}
        </div>
      </div>
      {wrong !== undefined && <Note tone="warn">{wrong}</Note>}
      <div className="screen">
        <div ref={box} />
      </div>
    </>
  )
}
