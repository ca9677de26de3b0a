variable "project" {
  description = "The id of the Google Cloud project. The Firebase project of your apps is the natural choice."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Give the project's id, such as my-project-1234: not its number, not its name."
  }
}

variable "region" {
  description = "Where functions, queues and data are. Cloud Tasks, Cloud Scheduler and Cloud Run must be there."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Give a region, such as europe-west1: not a zone, such as europe-west1-b."
  }
}

variable "prefix" {
  description = "Every name begins with it. A second deployment in the same project needs another prefix."
  type        = string
  default     = "volley"

  validation {
    # service accounts have 30 characters, and ours add "-github-apply"; a database has 4 at least
    condition     = can(regex("^[a-z][a-z0-9-]{2,15}[a-z0-9]$", var.prefix))
    error_message = "The prefix must be 4 to 17 small letters, digits and hyphens, beginning with a letter."
  }
}

variable "firestore" {
  description = <<-END
    The database: one of Volley's own, named like the prefix, unless you name another. Set
    `create = false` if it exists already. "(default)", which most Firebase projects have, is
    guarded by your apps' security rules (docs/operations.md, "The database").
  END
  type = object({
    database = optional(string)
    create   = optional(bool, true)
    # the region, unless named; cannot be changed later
    location = optional(string)
    # seven days of every document's past; costs as much storage as was written in them
    point_in_time_recovery = optional(bool, false)
    deletion_protection    = optional(bool, true)
  })
  default = {}
}

variable "apns" {
  description = <<-END
    The key from Apple: its id, your team's id, the app's bundle id. The key itself is the secret
    PREFIX-apns-key. `next_key_id` while a second key takes over (docs/operations.md, "Rotating keys on Google Cloud").
  END
  type = object({
    key_id      = string
    team_id     = string
    topic       = string
    next_key_id = optional(string)
  })
  default = null

  validation {
    condition = var.apns == null ? true : alltrue([
      for id in compact([var.apns.key_id, var.apns.team_id, var.apns.next_key_id]) : can(regex("^[A-Z0-9]{10}$", id))
    ])
    error_message = "Key ids and team ids are the ten capitals and digits that Apple shows."
  }
}

variable "fcm" {
  description = <<-END
    The Firebase project whose apps get messages (this project, unless named) and its quota; null for
    no FCM. Volley never sends faster than the quota; `now_share` of it is kept for pushes to few.
  END
  type = object({
    project             = optional(string)
    messages_per_minute = optional(number, 600000)
    now_share           = optional(number, 0.05)
  })
  default = {}

  validation {
    condition     = var.fcm == null ? true : var.fcm.messages_per_minute >= 240000 && var.fcm.now_share >= 0.05 && var.fcm.now_share <= 0.5
    error_message = "messages_per_minute must be at least 240,000 (a burst of one chunk is no more than its share for bursts), now_share 0.05 to 0.5."
  }
}

variable "several_apps" {
  description = "For several apps: a JSON file (VOLLEY_APPS, see docs/operations.md) in the secret PREFIX-apps, in place of `apns` and `fcm.project`."
  type        = bool
  default     = false
}

variable "public" {
  description = <<-END
    Lets every client call the API, which checks its own keys. False where your organisation forbids
    grants to `allUsers`; docs/operations.md, "If something is refused", has the command that opens it there.
  END
  type        = bool
  default     = true
}

variable "retention_days" {
  description = "How long chunks and failures are kept."
  type        = number
  default     = 30

  validation {
    condition     = var.retention_days >= 1 && var.retention_days <= 3650 && floor(var.retention_days) == var.retention_days
    error_message = "retention_days must be a whole number from 1 to 3650."
  }
}

variable "trusted_hops" {
  description = "How many of the last addresses in X-Forwarded-For are written by proxies that you trust: 1 is Cloud Run itself, 2 with Google's load balancer before it (docs/operations.md, \"Behind a load balancer\")."
  type        = number
  default     = 1

  validation {
    condition     = var.trusted_hops >= 1 && var.trusted_hops <= 10 && floor(var.trusted_hops) == var.trusted_hops
    error_message = "trusted_hops must be a whole number from 1 to 10."
  }
}

variable "warm" {
  description = "The least number of instances, by function. Each costs about as much as a small machine; with none, an idle Volley costs almost nothing."
  type        = map(number)
  default     = {}

  validation {
    condition     = alltrue([for name, count in var.warm : contains(["api", "plan", "send-apns", "send-fcm", "deliver", "tick"], name) && count >= 0])
    error_message = "The functions are api, plan, send-apns, send-fcm, deliver and tick."
  }
}

variable "alert_emails" {
  description = "E-mail addresses that get the alerts."
  type        = list(string)
  default     = []
}

variable "bigquery" {
  description = "Keeps every event in a BigQuery table as well."
  type        = bool
  default     = false
}

variable "console" {
  description = <<-END
    The console on Firebase Hosting (docs/console.md); null for none. `site` becomes https://SITE.web.app: an
    id that no other site of Hosting has, and never the site of your apps, which a deployment would replace.
    `api_key` is of the project's web app, `oauth_client_id` of the client that people sign in with. All
    three are public.
  END
  type = object({
    site            = string
    api_key         = string
    oauth_client_id = string
  })
  default = null

  validation {
    condition     = var.console == null ? true : can(regex("^[a-z0-9][a-z0-9-]{4,28}[a-z0-9]$", var.console.site)) && var.console.site != var.project
    error_message = "site must be 6 to 30 small letters, digits and hyphens, and not the project's id: that is the site of your apps."
  }

  validation {
    condition     = var.console == null ? true : can(regex("^[A-Za-z0-9_-]+$", var.console.api_key)) && can(regex("^[a-z0-9-]+[.]apps[.]googleusercontent[.]com$", var.console.oauth_client_id))
    error_message = "api_key must be as the Firebase console shows it (AIza…), oauth_client_id must end in .apps.googleusercontent.com."
  }
}

variable "github" {
  description = <<-END
    Lets the workflows of one repository plan (pull requests) and apply (its environment) without a
    key, through Workload Identity Federation; null for neither.
  END
  type = object({
    # the number, which no renaming changes: gh api repos/OWNER/NAME --jq .id
    repository_id = string
    state_bucket  = string
    environment   = optional(string, "production")
  })
  default = null

  validation {
    condition     = var.github == null ? true : can(regex("^[1-9][0-9]*$", var.github.repository_id))
    error_message = "repository_id is the repository's number, not its name: gh api repos/OWNER/NAME --jq .id"
  }

  validation {
    # it becomes a part of an expression
    condition     = var.github == null ? true : can(regex("^[A-Za-z0-9_.-]{1,64}$", var.github.environment))
    error_message = "environment must be 1 to 64 letters, digits, dots, hyphens and underscores."
  }
}
