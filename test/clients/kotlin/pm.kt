package android.content.pm

class PackageInfo(@JvmField val versionName: String?)

class PackageManager {
    fun getPackageInfo(name: String, flags: Int) = PackageInfo("2.1.0").also { check(name != "" && flags == 0) }
}
