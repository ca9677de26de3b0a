# Wrong settings are refused before anything is made.

mock_provider "google" {}
mock_provider "google-beta" {}
mock_provider "archive" {}

variables {
  project = "example-project"
}

run "a_project_number_is_no_id" {
  command = plan
  variables {
    project = "123456789012"
  }
  expect_failures = [var.project]
}

run "a_zone_is_no_region" {
  command = plan
  variables {
    region = "europe-west1-b"
  }
  expect_failures = [var.region]
}

run "a_prefix_too_long_for_service_accounts" {
  command = plan
  variables {
    prefix = "the-push-campaigns-of-our-team"
  }
  expect_failures = [var.prefix]
}

run "an_apns_key_id_that_is_none" {
  command = plan
  variables {
    apns = { key_id = "AuthKey.p8", team_id = "DEF123GHIJ", topic = "com.example.app" }
  }
  expect_failures = [var.apns]
}

run "a_quota_below_one_chunk_a_second" {
  command = plan
  variables {
    fcm = { messages_per_minute = 60000 }
  }
  expect_failures = [var.fcm]
}

run "retention_of_part_of_a_day" {
  command = plan
  variables {
    retention_days = 0.5
  }
  expect_failures = [var.retention_days]
}

run "no_trusted_hop" {
  command = plan
  variables {
    trusted_hops = 0
  }
  expect_failures = [var.trusted_hops]
}

run "a_function_that_is_none_kept_warm" {
  command = plan
  variables {
    warm = { apl = 1 }
  }
  expect_failures = [var.warm]
}

run "the_site_of_the_apps_for_the_console" {
  command = plan
  variables {
    console = { site = "example-project", api_key = "AIza-example", oauth_client_id = "123.apps.googleusercontent.com" }
  }
  expect_failures = [var.console]
}

run "an_oauth_client_secret_for_its_id" {
  command = plan
  variables {
    console = { site = "example-push", api_key = "AIza-example", oauth_client_id = "GOCSPX-example" }
  }
  expect_failures = [var.console]
}

run "a_repository_by_its_name" {
  command = plan
  variables {
    github = { repository_id = "example/volley", state_bucket = "example-state" }
  }
  expect_failures = [var.github]
}

run "a_database_with_the_apps_own_rules" {
  command = plan
  variables {
    firestore = { database = "(default)", create = false }
  }
  expect_failures = [check.security_rules]
}
