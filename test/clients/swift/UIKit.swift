/// Stand-ins for what the client uses of Apple's UIKit and of Foundation on iPhones.

@_exported import Foundation
@_exported import FoundationNetworking

@MainActor
public final class UIApplication {
    public static let shared = UIApplication()
    public var registrations = 0
    public nonisolated static let didBecomeActiveNotification =
        Notification.Name("UIApplicationDidBecomeActiveNotification")
    public func registerForRemoteNotifications() { registrations += 1 }
}

/// The folder of an app group is a part of the test's folder.
nonisolated(unsafe) public var containers: URL?

extension FileManager {
    public func containerURL(forSecurityApplicationGroupIdentifier group: String) -> URL? {
        group.hasPrefix("group.") ? containers?.appendingPathComponent(group) : nil
    }
}

