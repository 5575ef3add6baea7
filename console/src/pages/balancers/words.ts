/** Rules of load balancers in plain words. */
import type { Action, Rule, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2'
import { t } from '../../text/t.ts'

const or = (values: readonly string[] | undefined): string => (values ?? []).join(t(' or '))

function conditionWords(condition: RuleCondition): string {
  const { Field, HostHeaderConfig, PathPatternConfig, HttpHeaderConfig } = condition
  switch (Field) {
    case 'host-header':
      return t('the host is {what}', { what: or(HostHeaderConfig?.Values ?? condition.Values) })
    case 'path-pattern':
      return t('the path is {what}', { what: or(PathPatternConfig?.Values ?? condition.Values) })
    case 'http-header': {
      const name = HttpHeaderConfig?.HttpHeaderName ?? ''
      return t('the header {name} is {what}', { name, what: or(HttpHeaderConfig?.Values) })
    }
    case 'http-request-method':
      return t('the method is {what}', { what: or(condition.HttpRequestMethodConfig?.Values) })
    case 'source-ip':
      return t('the client is in {what}', { what: or(condition.SourceIpConfig?.Values) })
    default: {
      const pairs = condition.QueryStringConfig?.Values ?? []
      const what = pairs.map(({ Key, Value = '' }) => (Key ? `${Key}=${Value}` : Value))
      return t('the query has {what}', { what: or(what) })
    }
  }
}

export const nameOfArn = (arn: string | undefined): string => arn?.split('/').at(-2) ?? ''

export function actionWords(action: Action | undefined): string {
  if (action?.Type === 'redirect') {
    const { Protocol, Host, Port, Path, Query } = action.RedirectConfig ?? {}
    const to = `${Protocol}://${Host}:${Port}${Path}${Query ? `?${Query}` : ''}`
    return t('redirect to {to}', { to })
  }
  if (action?.Type === 'fixed-response') {
    return t('answer {code}', { code: action.FixedResponseConfig?.StatusCode ?? '' })
  }
  const groups = action?.ForwardConfig?.TargetGroups ?? []
  const total = groups.reduce((sum, { Weight = 1 }) => sum + Weight, 0)
  const what = groups.map(({ TargetGroupArn, Weight = 1 }) => {
    const share = groups.length > 1 ? ` (${Math.round((Weight / Math.max(1, total)) * 100)} %)` : ''
    return `${nameOfArn(TargetGroupArn)}${share}`
  })
  return t('forward to {what}', { what: what.join(', ') })
}

export function ruleWords({ Conditions = [], Actions = [], IsDefault }: Rule): string {
  const what = actionWords(Actions[0])
  if (IsDefault) return t('Otherwise {what}', { what })
  const when = Conditions.map(conditionWords).join(t(' and '))
  return t('If {when}: {what}', { when, what })
}
