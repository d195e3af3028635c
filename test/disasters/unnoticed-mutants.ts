/**
 * The rules with a mistake that no disaster notices: the alert and its mistake, by reason. The scenarios of test/alerts notice all of them but those of
 * BackupRepositoryReplaced.
 */
const BY_REASON: Readonly<Record<string, readonly string[]>> = {
  "a snapshot is late by the clock alone until the next scrape, and a disaster has no evaluation between two scrapes":
    [
      "BackupLate: expectation at 172 is expectation_renamed",
      "BackupLate: host at 185 is host_renamed",
      "BackupLate: user at 191 is user_renamed",
    ],
  "an agent that cannot say whether there are newer snapshots gives no other reason: both come from two agents":
    [
      "BackupNeverSeen: host at 189 is host_renamed",
      "BackupNeverSeen: user at 195 is user_renamed",
      "BackupCopyLate: host at 259 is host_renamed",
      "BackupCopyLate: user at 265 is user_renamed",
    ],
  "the slots of an expectation share their repositories: if one of them cannot be read, no late one is certain":
    [
      "BackupLateUnread: host at 210 is host_renamed",
      "BackupLateUnread: user at 216 is user_renamed",
      "BackupUnknown: user at 139 is user_renamed",
    ],
  "of two agents one has a state folder": ["BackupSetVanished: url at 201 is url_renamed"],
  "three repositories were at one address within days": [
    "BackupRepositoryReplaced: url at 163 is url_renamed",
    "BackupRepositoryReplaced: id at 168 is id_renamed",
    "BackupRepositoryReplaced: url at 369 is url_renamed",
    "BackupRepositoryReplaced: id at 374 is id_renamed",
  ],
  "each of two metrics is enough: the other one is missing while an agent has finished no collection, and in an application that embeds the gauges":
    [
      "BackupAgentAbsent: backup_job_last_success_unixtime at 7 is backup_job_last_success_unixtime_renamed",
      "BackupAgentAbsent: restic_otel_build_info at 43 is restic_otel_build_info_renamed",
      "BackupAgentMissing: backup_job_last_success_unixtime at 181 is backup_job_last_success_unixtime_renamed",
      "BackupAgentMissing: restic_otel_build_info at 234 is restic_otel_build_info_renamed",
      "BackupCollectionTooOld: and at 124 is unless",
      "BackupCollectionTooOld: process_start_time_seconds at 97 is process_start_time_seconds_renamed",
      "BackupCollectionTooOld: restic_otel_build_info at 147 is restic_otel_build_info_renamed",
      "BackupCollectionTooOld: job at 70 is job_renamed",
      "BackupCollectionTooOld: instance at 75 is instance_renamed",
      "BackupCollectionTooOld: job at 132 is job_renamed",
      "BackupCollectionTooOld: instance at 137 is instance_renamed",
    ],
  "agents that are scraped and others that push, under one job or several, at once": [
    "BackupAgentMissing: == at 300 is !=",
    "BackupAgentMissing: == at 529 is !=",
    "BackupAgentMissing: job at 272 is job_renamed",
    "BackupAgentMissing: total at 459 is total_renamed",
    "BackupAgentMissing: total at 545 is total_renamed",
    "BackupAgentMissing: job at 281 is job_renamed",
    "BackupAgentMissing: job at 510 is job_renamed",
  ],
  "another program that restarts has the job or the address of an agent": [
    "BackupAgentRestarting: job at 65 is job_renamed",
    "BackupAgentRestarting: instance at 70 is instance_renamed",
  ],
};

export const UNNOTICED: ReadonlySet<string> = new Set(Object.values(BY_REASON).flat());
