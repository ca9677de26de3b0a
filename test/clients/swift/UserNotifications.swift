/// Stand-ins for what the client uses of Apple's UserNotifications.

import Foundation

public let UNNotificationDismissActionIdentifier = "com.apple.UNNotificationDismissActionIdentifier"
public let UNNotificationDefaultActionIdentifier = "com.apple.UNNotificationDefaultActionIdentifier"

public enum UNAuthorizationStatus: Int, Sendable {
    case notDetermined = 0
    case denied, authorized, provisional, ephemeral
}

public final class UNNotificationSettings: Sendable {
    public let authorizationStatus: UNAuthorizationStatus
    init(_ status: UNAuthorizationStatus) { authorizationStatus = status }
}

public final class UNUserNotificationCenter: @unchecked Sendable {
    private static let center = UNUserNotificationCenter()
    public var status = UNAuthorizationStatus.notDetermined
    public static func current() -> UNUserNotificationCenter { center }
    public func getNotificationSettings(completionHandler: @escaping @Sendable (UNNotificationSettings) -> Void) {
        completionHandler(UNNotificationSettings(status))
    }
}

public class UNNotificationContent {
    public let userInfo: [AnyHashable: Any]
    public init(_ userInfo: [AnyHashable: Any]) { self.userInfo = userInfo }
}

public class UNNotificationRequest {
    public let content: UNNotificationContent
    public init(_ userInfo: [AnyHashable: Any]) { content = UNNotificationContent(userInfo) }
}

public class UNNotification {
    public let request: UNNotificationRequest
    public init(_ request: UNNotificationRequest) { self.request = request }
}

public class UNNotificationResponse {
    public let notification: UNNotification
    public let actionIdentifier: String
    public init(_ request: UNNotificationRequest, _ action: String) {
        notification = UNNotification(request)
        actionIdentifier = action
    }
}
