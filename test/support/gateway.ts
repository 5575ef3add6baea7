/** Gateways and hypervisors for API tests, made as a user makes them; the hypervisors are simulated and say so. */
import {
  AssociateGatewayToServerCommand,
  CreateGatewayCommand,
  GetHypervisorCommand,
  ImportHypervisorConfigurationCommand,
  ListVirtualMachinesCommand,
  type BackupGatewayClient,
  type ImportHypervisorConfigurationCommandInput,
} from '@aws-sdk/client-backup-gateway'
import { activationKeyMake } from '../../src/app/gateway/activation.ts'
import type { ListedMachine } from '../../src/domain/hypervisor.ts'
import type { TestCloud } from './cloud.ts'
import { eventually } from './eventually.ts'

export async function gatewayMake(cloud: TestCloud, client: BackupGatewayClient): Promise<string> {
  const { key } = await activationKeyMake(cloud.app)
  const made = await client.send(
    new CreateGatewayCommand({
      ActivationKey: key,
      GatewayDisplayName: 'door',
      GatewayType: 'BACKUP_VM',
    }),
  )
  return made.GatewayArn!
}

export const listed = (name: string, more: Partial<ListedMachine> = {}): ListedMachine => ({
  machineId: `uuid-of-${name}`,
  name,
  hostName: 'simulated',
  path: `/disks/${name}.qcow2`,
  words: [],
  ...more,
})

/** Imported and associated with a gateway of its own. */
export async function hypervisorMake(
  cloud: TestCloud,
  client: BackupGatewayClient,
  input: Partial<ImportHypervisorConfigurationCommandInput> = {},
): Promise<{ hypervisorArn: string; gatewayArn: string }> {
  const gatewayArn = await gatewayMake(cloud, client)
  const { HypervisorArn } = await client.send(
    new ImportHypervisorConfigurationCommand({ Name: 'lab', Host: 'qemu:///system', ...input }),
  )
  const hypervisorArn = HypervisorArn!
  await client.send(
    new AssociateGatewayToServerCommand({ GatewayArn: gatewayArn, ServerArn: hypervisorArn }),
  )
  return { hypervisorArn, gatewayArn }
}

export const hypervisorGet = async (client: BackupGatewayClient, HypervisorArn: string) =>
  (await client.send(new GetHypervisorCommand({ HypervisorArn }))).Hypervisor!

export const stateIs = (client: BackupGatewayClient, arn: string, state: string) =>
  eventually(
    () => hypervisorGet(client, arn),
    ({ State }) => State === state,
  )

export const machinesOf = async (client: BackupGatewayClient, HypervisorArn?: string) =>
  (await client.send(new ListVirtualMachinesCommand({ HypervisorArn }))).VirtualMachines!
