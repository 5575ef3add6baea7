/** Launch templates: parameters of launches, kept under a name in numbered versions that never change. */
import type { IdOf } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export interface LaunchTemplate extends ResourceBase<IdOf<'launchTemplate'>> {
  name: string
  /** ARN. */
  createdBy: string
  defaultVersion: number
  latestVersion: number
}

/** Parameters as they were given, like a policy's document: a launch reads them as if they stood in its request. */
export type LaunchTemplateData = Readonly<Record<string, unknown>>

/** Its id is `<template>/<number>`. */
export interface LaunchTemplateVersion extends ResourceBase<string> {
  templateId: IdOf<'launchTemplate'>
  version: number
  description: string | null
  createdBy: string
  data: LaunchTemplateData
}

export function versionId(templateId: string, version: number): string {
  return `${templateId}/${version}`
}
