locals {
  # Written once, in the file that the Firebase CLI and the emulator read as well.
  indexes = jsondecode(file("${path.module}/../firestore.indexes.json"))

  database_id = coalesce(var.firestore.database, var.prefix)
  database    = var.firestore.create ? google_firestore_database.this[0].name : local.database_id
}

resource "google_firestore_database" "this" {
  count = var.firestore.create ? 1 : 0

  name                              = local.database_id
  location_id                       = coalesce(var.firestore.location, var.region)
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = var.firestore.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = var.firestore.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  # `terraform destroy` leaves the data alone; docs/operations.md, "Upgrade, rollback, teardown"
  deletion_policy = "ABANDON"

  depends_on = [google_project_service.this]
}

resource "google_firestore_index" "this" {
  for_each = {
    for it in local.indexes.indexes : join(" ", concat(
      [it.collectionGroup, it.queryScope],
      [for field in it.fields : "${field.fieldPath} ${try(field.order, field.arrayConfig)}"],
    )) => it
  }

  database    = local.database
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.fieldPath
      order        = try(fields.value.order, null)
      array_config = try(fields.value.arrayConfig, null)
    }
  }
}

# TTL policies, and fields without an index: an index on a time that only grows would cap its collection
# at 500 writes a second. https://firebase.google.com/docs/firestore/best-practices#indexes
resource "google_firestore_field" "this" {
  for_each = { for it in local.indexes.fieldOverrides : "${it.collectionGroup} ${it.fieldPath}" => it }

  database   = local.database
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order        = try(indexes.value.order, null)
        array_config = try(indexes.value.arrayConfig, null)
        query_scope  = try(indexes.value.queryScope, null)
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [1] : []
    content {}
  }
}

# All functions read or write the database, and IAM has no smaller unit than a database.
# https://cloud.google.com/firestore/docs/manage-databases#database-access
resource "google_project_iam_member" "datastore_user" {
  for_each = toset(keys(local.functions))

  project = var.project
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.key].member

  condition {
    title      = "${var.prefix} database"
    expression = "resource.name == \"projects/${var.project}/databases/${local.database_id}\""
  }
}

# No security rules here: the functions are not subject to them, a new database refuses all other
# clients, and in an existing one the rules belong to your apps. `firestore.rules` is for the emulator and for
# `firebase deploy` to a database that is Volley's alone.
#
# In a database that is shared with apps, rules that let app users read everything also let them read
# our keys and installations. Terraform cannot read the rules, so it warns.
check "security_rules" {
  assert {
    condition     = var.firestore.create || local.database_id != "(default)"
    error_message = "An existing (default) database has your apps' security rules. Check whether they let app users read or write the collections `keys` and `installations` (docs/operations.md, \"The database\"), or give Volley a database of its own."
  }
}
