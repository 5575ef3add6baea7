/**
 * What CloudWatch's operations need: alarms by their names or ARNs; metrics have no ARNs, so that their operations are
 * allowed on `*`, by namespace where the request has one.
 */
import { alarmArn } from '../../domain/metrics/alarm.ts'
import { resourceTypesOf } from '../authorisation/reference.ts'
import { requestTagKeys, type Deriver } from '../authorisation/wanted.ts'

export const cloudwatchWanted: Deriver = async (ctx, operation, input) => {
  const action = `cloudwatch:${operation}`
  const namespace = typeof input.Namespace === 'string' ? input.Namespace : undefined
  const keys = { ...requestTagKeys(input), 'cloudwatch:namespace': namespace }
  if (!resourceTypesOf('cloudwatch', operation).includes('alarm')) {
    return [{ action, resource: '*', keys }]
  }
  const { AlarmName: name, AlarmNames: names, ResourceARN: arn } = input
  const listed = [...(Array.isArray(names) ? (names as string[]) : []), name].filter(
    (one): one is string => typeof one === 'string',
  )
  // What lists without names reads all of them.
  const resources = typeof arn === 'string' ? [arn] : listed.map((one) => alarmArn(ctx, one))
  if (resources.length === 0) resources.push(alarmArn(ctx, '*'))
  return resources.map((resource) => ({ action, resource, keys }))
}
