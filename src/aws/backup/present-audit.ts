/** Frameworks, report plans and report jobs as Backup's API shows them, and as it is given them. */
import type { FrameworkControl, ReportDeliveryChannel, ReportSetting } from '@aws-sdk/client-backup'
import { invalidParameter } from '../../app/backup/faults.ts'
import type { ReportPlanBody } from '../../app/backup/report-plans.ts'
import { frameworkArn, reportPlanArn } from '../../domain/backup/arn.ts'
import type { BackupFramework, Control, ReportJob, ReportPlan } from '../../domain/backup/audit.ts'
import { dateOf } from './present-vault.ts'

export function controlsOf(given: readonly FrameworkControl[]): Control[] {
  return given.map(({ ControlName, ControlInputParameters = [], ControlScope }) => ({
    name: ControlName!,
    parameters: Object.fromEntries(
      ControlInputParameters.map((one) => [one.ParameterName ?? '', one.ParameterValue ?? '']),
    ),
    scope: ControlScope
      ? {
          ids: ControlScope.ComplianceResourceIds ?? [],
          types: ControlScope.ComplianceResourceTypes ?? [],
          tags: ControlScope.Tags ?? null,
        }
      : null,
  }))
}

export function presentControl({ name, parameters, scope }: Control): FrameworkControl {
  return {
    ControlName: name,
    ControlInputParameters: Object.entries(parameters).map(([ParameterName, ParameterValue]) => {
      return { ParameterName, ParameterValue }
    }),
    ControlScope: scope
      ? {
          ...(scope.ids.length > 0 && { ComplianceResourceIds: [...scope.ids] }),
          ...(scope.types.length > 0 && { ComplianceResourceTypes: [...scope.types] }),
          ...(scope.tags && { Tags: { ...scope.tags } }),
        }
      : undefined,
  }
}

export function presentFramework(framework: BackupFramework) {
  return {
    FrameworkName: framework.name,
    FrameworkArn: frameworkArn(framework),
    FrameworkDescription: framework.description ?? undefined,
    CreationTime: new Date(framework.createdAt),
    // It is in force when its record is there.
    DeploymentStatus: 'COMPLETED',
  }
}

/** @throws InvalidParameterValueException for reports over other accounts. */
export function reportBodyOf(
  channel: ReportDeliveryChannel,
  setting: ReportSetting,
  description: string | undefined,
): ReportPlanBody {
  const { Accounts = [], OrganizationUnits = [], Regions = [] } = setting
  if (Accounts.length + OrganizationUnits.length + Regions.length > 0) {
    throw invalidParameter('A report here is of its own account and region alone')
  }
  return {
    description: description ?? null,
    bucket: channel.S3BucketName!,
    prefix: channel.S3KeyPrefix || null,
    formats: channel.Formats?.length ? channel.Formats : ['CSV'],
    template: setting.ReportTemplate!,
    frameworkArns: setting.FrameworkArns ?? [],
  }
}

export function presentReportPlan(plan: ReportPlan) {
  const frameworks = [...plan.frameworkArns]
  return {
    ReportPlanArn: reportPlanArn(plan),
    ReportPlanName: plan.name,
    ReportPlanDescription: plan.description ?? undefined,
    ReportSetting: {
      ReportTemplate: plan.template,
      ...(frameworks.length > 0 && {
        FrameworkArns: frameworks,
        NumberOfFrameworks: frameworks.length,
      }),
    },
    ReportDeliveryChannel: {
      S3BucketName: plan.bucket,
      S3KeyPrefix: plan.prefix ?? undefined,
      Formats: [...plan.formats],
    },
    DeploymentStatus: 'COMPLETED',
    CreationTime: new Date(plan.createdAt),
    LastAttemptedExecutionTime: dateOf(plan.attemptedAt),
    LastSuccessfulExecutionTime: dateOf(plan.succeededAt),
  }
}

export function presentReportJob(job: ReportJob) {
  return {
    ReportJobId: job.id,
    ReportPlanArn: reportPlanArn({ ...job, id: job.planId, name: job.planName }),
    ReportTemplate: job.template,
    CreationTime: new Date(job.createdAt),
    CompletionTime: dateOf(job.endedAt),
    Status: job.state,
    StatusMessage: job.message ?? undefined,
    ReportDestination: { S3BucketName: job.bucket, S3Keys: [...job.keys] },
  }
}
