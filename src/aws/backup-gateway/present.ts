/** Gateways, hypervisors and virtual machines as the Backup gateway shows them. */
import type {
  BandwidthRateLimitInterval,
  Gateway,
  GatewayDetails,
  Hypervisor as ShownHypervisor,
  HypervisorDetails,
  VirtualMachine,
  VirtualMachineDetails,
} from '@aws-sdk/client-backup-gateway'
import type { Ctx } from '../../app/context.ts'
import { arnOf } from '../../app/gateway/find.ts'
import type {
  BackupGateway,
  BandwidthInterval,
  GatewayMachine,
  Hypervisor,
} from '../../domain/gateway.ts'

const dateOf = (at: number | null): Date | undefined => (at === null ? undefined : new Date(at))

export function presentGateway(ctx: Ctx, gateway: BackupGateway): Gateway {
  return {
    GatewayArn: arnOf('backupGateway', gateway),
    GatewayDisplayName: gateway.name,
    GatewayType: 'BACKUP_VM',
    HypervisorId: gateway.hypervisorId ?? undefined,
    // Whoever answers is the gateway.
    LastSeenTime: new Date(ctx.app.clock.now()),
  }
}

export function presentGatewayDetails(ctx: Ctx, gateway: BackupGateway): GatewayDetails {
  const { maintenance } = gateway
  return {
    ...presentGateway(ctx, gateway),
    MaintenanceStartTime: maintenance
      ? {
          HourOfDay: maintenance.hour,
          MinuteOfHour: maintenance.minute,
          DayOfWeek: maintenance.dayOfWeek ?? undefined,
          DayOfMonth: maintenance.dayOfMonth ?? undefined,
        }
      : undefined,
  }
}

export function presentHypervisor(hypervisor: Hypervisor): ShownHypervisor {
  return {
    Host: hypervisor.host,
    HypervisorArn: arnOf('hypervisor', hypervisor),
    KmsKeyArn: hypervisor.kmsKeyArn ?? undefined,
    Name: hypervisor.name,
    State: hypervisor.seen.state,
  }
}

export function presentHypervisorDetails(hypervisor: Hypervisor): HypervisorDetails {
  const { sync, seen } = hypervisor
  const why = seen.reason === null ? null : `${seen.state}: ${seen.reason}`
  return {
    ...presentHypervisor(hypervisor),
    LogGroupArn: hypervisor.logGroupArn ?? undefined,
    LastSuccessfulMetadataSyncTime: dateOf(hypervisor.lastSyncedAt),
    LatestMetadataSyncStatus: sync.status ?? undefined,
    // The only words that AWS has for it: why the hypervisor is not ONLINE is said here too.
    LatestMetadataSyncStatusMessage: sync.message ?? why ?? undefined,
  }
}

export function presentMachine(machine: GatewayMachine): VirtualMachine {
  return {
    HostName: machine.hostName,
    HypervisorId: machine.hypervisorId,
    LastBackupDate: dateOf(machine.lastBackupAt),
    Name: machine.name,
    Path: machine.path,
    ResourceArn: arnOf('gatewayMachine', machine),
  }
}

export function presentMachineDetails(machine: GatewayMachine): VirtualMachineDetails {
  return {
    ...presentMachine(machine),
    VmwareTags: machine.words.map(({ category, name, description }) => ({
      VmwareCategory: category,
      VmwareTagName: name,
      VmwareTagDescription: description ?? undefined,
    })),
  }
}

export function presentInterval(interval: BandwidthInterval): BandwidthRateLimitInterval {
  return {
    AverageUploadRateLimitInBitsPerSec: interval.bitsPerSecond ?? undefined,
    StartHourOfDay: interval.startHour,
    StartMinuteOfHour: interval.startMinute,
    EndHourOfDay: interval.endHour,
    EndMinuteOfHour: interval.endMinute,
    DaysOfWeek: [...interval.daysOfWeek],
  }
}

export function intervalOf(shown: BandwidthRateLimitInterval): BandwidthInterval {
  return {
    bitsPerSecond: shown.AverageUploadRateLimitInBitsPerSec ?? null,
    startHour: shown.StartHourOfDay!,
    startMinute: shown.StartMinuteOfHour!,
    endHour: shown.EndHourOfDay!,
    endMinute: shown.EndMinuteOfHour!,
    daysOfWeek: shown.DaysOfWeek!,
  }
}
