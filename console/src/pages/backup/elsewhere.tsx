/** Machines on other hypervisors: the gateway that reaches them, how each is, its machines and their backups. */
import {
  AssociateGatewayToServerCommand,
  BackupGatewayClient,
  CreateGatewayCommand,
  DeleteHypervisorCommand,
  GetHypervisorCommand,
  ImportHypervisorConfigurationCommand,
  ListGatewaysCommand,
  ListHypervisorsCommand,
  ListVirtualMachinesCommand,
  StartVirtualMachinesMetadataSyncCommand,
  type Gateway,
  type HypervisorDetails,
  type VirtualMachine,
} from '@aws-sdk/client-backup-gateway'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { idOfArn } from '../../aws/backup.ts'
import { clientOf, wordsOf } from '../../aws/clients.ts'
import { allOf, paged, queryClient } from '../../aws/collection.ts'
import { apiPost } from '../../aws/http.ts'
import { t } from '../../text/t.ts'
import { ask } from '../../ui/asking.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Modal } from '../../ui/modal.tsx'
import { Button, Card, Empty, InputField, Note, State, type Tone } from '../../ui/parts.tsx'
import { PlainTable } from '../../ui/plain-table.tsx'
import { doing } from '../../ui/toasts.tsx'
import { timeText } from '../../util/instance.ts'
import BackupNow from './backup-now.tsx'

const client = (): BackupGatewayClient =>
  clientOf('backup-gateway', (config) => new BackupGatewayClient(config))

/** A hypervisor's state is looked at every few seconds by the daemon. */
const POLL_MS = 5_000
const TONES: Readonly<Record<string, Tone>> = { ONLINE: 'good', PENDING: 'busy', OFFLINE: 'warn' }

interface Found {
  hypervisor: HypervisorDetails
  /** Absent: none reaches it. */
  gateway: Gateway | undefined
  machines: VirtualMachine[]
}

async function read(): Promise<Found[]> {
  const hypervisors = paged(async (NextToken) => {
    const page = await client().send(new ListHypervisorsCommand({ MaxResults: 100, NextToken }))
    return { items: page.Hypervisors, next: page.NextToken }
  })
  const gateways = await allOf(
    paged(async (NextToken) => {
      const page = await client().send(new ListGatewaysCommand({ MaxResults: 100, NextToken }))
      return { items: page.Gateways, next: page.NextToken }
    }),
  )
  return Promise.all(
    (await allOf(hypervisors)).map(async ({ HypervisorArn }) => {
      const machines = paged(async (NextToken) => {
        const input = { HypervisorArn, MaxResults: 100, NextToken }
        const page = await client().send(new ListVirtualMachinesCommand(input))
        return { items: page.VirtualMachines, next: page.NextToken }
      })
      const [whole, all] = await Promise.all([
        client().send(new GetHypervisorCommand({ HypervisorArn })),
        allOf(machines),
      ])
      const id = idOfArn(HypervisorArn)
      const gateway = gateways.find((one) => one.HypervisorId === id)
      return { hypervisor: whole.Hypervisor!, gateway, machines: all }
    }),
  )
}

const refresh = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ['hypervisors'] })

export function Elsewhere() {
  const { data, error } = useQuery({
    queryKey: ['hypervisors'],
    queryFn: read,
    refetchInterval: POLL_MS,
    retry: false,
  })
  const [isAdding, setAdding] = useState(false)
  const [about, setAbout] = useState<VirtualMachine>()
  return (
    <>
      <div>
        <Button look="primary" onClick={() => setAdding(true)}>
          {t('Add hypervisor')}
        </Button>
      </div>
      {error && <Note tone="warn">{wordsOf(error)}</Note>}
      {data?.length === 0 && (
        <Empty title={t('No other hypervisor yet')}>
          <p>
            {t(
              'Machines of libvirt hosts (KVM, Xen, LXC) are listed here and backed up into the same vaults.',
            )}
          </p>
        </Empty>
      )}
      {data?.map((found) => (
        <One key={found.hypervisor.HypervisorArn} found={found} onBackUp={setAbout} />
      ))}
      {isAdding && <Add onClose={() => setAdding(false)} />}
      {about && (
        <BackupNow
          name={about.Name ?? ''}
          arn={about.ResourceArn ?? ''}
          onClose={() => setAbout(undefined)}
        />
      )}
    </>
  )
}

function One({ found, onBackUp }: { found: Found; onBackUp(machine: VirtualMachine): void }) {
  const { hypervisor, gateway, machines } = found
  const { HypervisorArn, State: state } = hypervisor
  const act = (words: string, work: () => Promise<unknown>): void =>
    void doing(words, work).then(refresh)
  return (
    <Card
      title={
        <>
          {hypervisor.Name} <span className="muted small">{hypervisor.Host}</span>
        </>
      }
      isPlain
      actions={
        <>
          <State name={state?.toLowerCase()} tone={TONES[state ?? ''] ?? 'bad'} />
          <Menu
            label={t('Actions')}
            items={[
              {
                label: t('List its machines anew'),
                run: () =>
                  act(t('They are being listed'), () =>
                    client().send(new StartVirtualMachinesMetadataSyncCommand({ HypervisorArn })),
                  ),
              },
              {
                label: t('Remove'),
                isApart: true,
                run: () =>
                  ask({
                    title: t('Remove {name}', { name: hypervisor.Name ?? '' }),
                    words: t(
                      'Its machines are listed and backed up no more; its recovery points stay.',
                    ),
                    label: t('Remove'),
                    done: t('Removed; its recovery points stay'),
                    run: () =>
                      client().send(new DeleteHypervisorCommand({ HypervisorArn })).then(refresh),
                  }),
              },
            ]}
          />
        </>
      }
    >
      <p className="muted small within">
        {gateway
          ? t('Reached by the gateway {name}', { name: gateway.GatewayDisplayName ?? '' })
          : t('No gateway reaches it.')}
      </p>
      {state !== 'ONLINE' && hypervisor.LatestMetadataSyncStatusMessage && (
        <Note tone="warn">{hypervisor.LatestMetadataSyncStatusMessage}</Note>
      )}
      <PlainTable
        label={t('Machines of {name}', { name: hypervisor.Name ?? '' })}
        none={
          state === 'ONLINE'
            ? t('It has no machines.')
            : t('Its machines are listed as soon as it answers.')
        }
        head={[t('Name'), t('Host name'), t('Path'), t('Last backup'), t('Actions')]}
      >
        {machines.map((machine) => (
          <tr key={machine.ResourceArn}>
            <td>{machine.Name}</td>
            <td>{machine.HostName}</td>
            <td className="mono">{machine.Path}</td>
            <td>{timeText(machine.LastBackupDate) || t('never')}</td>
            <td className="nowrap">
              <Button isSmall onClick={() => onBackUp(machine)}>
                {t('Back up now')}
              </Button>
            </td>
          </tr>
        ))}
      </PlainTable>
    </Card>
  )
}

/** A gateway there is once: the first hypervisor makes it, with a key that the host gives to who runs it. */
async function gatewayEnsure(): Promise<string> {
  const { Gateways = [] } = await client().send(new ListGatewaysCommand({}))
  const free = Gateways.find((one) => !one.HypervisorId)
  if (free?.GatewayArn) return free.GatewayArn
  const { key } = await apiPost<{ key: string }>('/api/gateway/key', {})
  const made = await client().send(
    new CreateGatewayCommand({
      ActivationKey: key,
      GatewayDisplayName: `console-${Gateways.length + 1}`,
      GatewayType: 'BACKUP_VM',
    }),
  )
  return made.GatewayArn ?? ''
}

function Add({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('')
  const [host, setHost] = useState('')
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  return (
    <Modal
      title={t('Add hypervisor')}
      onClose={onClose}
      submit={{
        label: t('Add'),
        whyNot: name.trim() && host.trim() ? undefined : t('A name and a host are needed'),
        run: async () => {
          const GatewayArn = await gatewayEnsure()
          const { HypervisorArn } = await client().send(
            new ImportHypervisorConfigurationCommand({
              Name: name.trim(),
              Host: host.trim(),
              ...(user ? { Username: user } : {}),
              ...(password ? { Password: password } : {}),
            }),
          )
          await client().send(
            new AssociateGatewayToServerCommand({ GatewayArn, ServerArn: HypervisorArn }),
          )
          await refresh()
          onClose()
        },
      }}
    >
      <InputField label={t('Name')} value={name} onChange={setName} />
      <InputField
        label={t('Host')}
        hint={t(
          'brume: this cloud’s own machines; kvm1.example: libvirt by SSH; qemu:///system: on this host',
        )}
        value={host}
        onChange={setHost}
      />
      <InputField label={t('User (optional)')} autoComplete="off" value={user} onChange={setUser} />
      <InputField
        label={t('Password (optional)')}
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
      />
    </Modal>
  )
}
