/** The serial console: works without any network, also while the machine boots. */
import type { Instance } from '@aws-sdk/client-ec2'
import { useMemo } from 'react'
import type { StreamWish } from '../../aws/host.ts'
import { t } from '../../text/t.ts'
import { Terminal } from './terminal.tsx'

export default function Serial({ instance }: { instance: Instance }) {
  const instanceId = instance.InstanceId ?? ''
  const wish = useMemo<StreamWish>(() => ({ type: 'serial', instanceId }), [instanceId])
  return <Terminal wish={wish} hint={t('Serial console. Enter wakes it.')} />
}
