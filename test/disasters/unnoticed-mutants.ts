/**
 * The rules with a mistake that no disaster notices: the alert and its mistake, by reason. The scenarios of test/alerts notice all of them but those of
 * BackupRepositoryReplaced.
 */
const BY_REASON: Readonly<Record<string, readonly string[]>> = {
  "a snapshot is late by the clock alone until the next scrape, and a disaster has no evaluation between two scrapes":
    [
      "BackupLate: 3rd expectation is expectation_renamed",
      "BackupLate: 3rd host is host_renamed",
      "BackupLate: 3rd user is user_renamed",
    ],
  "an agent that cannot say whether there are newer snapshots gives no other reason: both come from two agents":
    [
      "BackupNeverSeen: 3rd host is host_renamed",
      "BackupNeverSeen: 3rd user is user_renamed",
      "BackupCopyLate: 4th host is host_renamed",
      "BackupCopyLate: 4th user is user_renamed",
    ],
  "the slots of an expectation share their repositories: if one of them cannot be read, no late one is certain":
    [
      "BackupLateUnread: 3rd host is host_renamed",
      "BackupLateUnread: 3rd user is user_renamed",
      "BackupUnknown: 2nd user is user_renamed",
    ],
  "of two agents one has a state folder": ["BackupSetVanished: 5th url is url_renamed"],
  "three repositories were at one address within days": [
    "BackupRepositoryReplaced: 4th url is url_renamed",
    "BackupRepositoryReplaced: 3rd id is id_renamed",
    "BackupRepositoryReplaced: 9th url is url_renamed",
    "BackupRepositoryReplaced: 6th id is id_renamed",
  ],
  "each of two metrics is enough: the other one is missing while an agent has finished no collection, and in an application that embeds the gauges":
    [
      "BackupAgentAbsent: 1st backup_job_last_success_unixtime is backup_job_last_success_unixtime_renamed",
      "BackupAgentAbsent: 1st restic_otel_build_info is restic_otel_build_info_renamed",
      "BackupAgentMissing: 2nd backup_job_last_success_unixtime is backup_job_last_success_unixtime_renamed",
      "BackupAgentMissing: 1st restic_otel_build_info is restic_otel_build_info_renamed",
      "BackupCollectionTooOld: 1st and is unless",
      "BackupCollectionTooOld: 1st process_start_time_seconds is process_start_time_seconds_renamed",
      "BackupCollectionTooOld: 1st restic_otel_build_info is restic_otel_build_info_renamed",
      "BackupCollectionTooOld: 2nd job is job_renamed",
      "BackupCollectionTooOld: 1st instance is instance_renamed",
      "BackupCollectionTooOld: 3rd job is job_renamed",
      "BackupCollectionTooOld: 2nd instance is instance_renamed",
    ],
  "agents that are scraped and others that push, under one job or several, at once": [
    "BackupAgentMissing: 3rd == is !=",
    "BackupAgentMissing: 4th == is !=",
    "BackupAgentMissing: 7th job is job_renamed",
    "BackupAgentMissing: 2nd total is total_renamed",
    "BackupAgentMissing: 3rd total is total_renamed",
    "BackupAgentMissing: 8th job is job_renamed",
    "BackupAgentMissing: 9th job is job_renamed",
  ],
  "another program that restarts has the job or the address of an agent": [
    "BackupAgentRestarting: 2nd job is job_renamed",
    "BackupAgentRestarting: 1st instance is instance_renamed",
  ],
};

export const UNNOTICED: ReadonlySet<string> = new Set(Object.values(BY_REASON).flat());
