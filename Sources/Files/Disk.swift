import FedCore
import Foundation

/// The disk that a path is on, for messages that say which disk is full: a run may write to several.
public struct Disk: Sendable, Equatable {
    /// The folder at which its file system begins, e.g. `/home`.
    public let mountPoint: String
    /// The bytes that this user can still write; 0 where the system does not say. Quotas are not in it.
    public let freeBytes: Int

    /// Finds the disk of a path, by going up until another device begins.
    ///
    /// - Parameter path: need not be there; the nearest folder above it that is there counts.
    public init(of path: String) {
        var place = path
        var found = stat()
        while stat(place, &found) != 0, place != "/", place != "." { place = Folder.above(place) }
        if let real = realpath(place, nil) {
            place = String(cString: real)
            free(real)
        }
        var above = stat()
        while place != "/", stat(Folder.above(place), &above) == 0, above.st_dev == found.st_dev {
            place = Folder.above(place)
        }
        mountPoint = place
        var room = statvfs()
        freeBytes = statvfs(place, &room) == 0 ? Int(clamping: UInt64(room.f_bavail) * UInt64(room.f_frsize)) : 0
    }
}

extension FileError {
    /// The reason with the disk's name where the disk is at fault, without the file's path.
    ///
    /// So it is the same for all files that fail alike, and they can be told of in one line.
    public var reasonWithDisk: String {
        let mountPoint = Disk(of: path).mountPoint.printable
        return switch code {
        case ENOSPC: "the disk of '\(mountPoint)' is full"
        case EDQUOT: "your quota of the disk of '\(mountPoint)' is used up"
        case EROFS: "the disk of '\(mountPoint)' is read-only"
        case EIO: "the disk of '\(mountPoint)' has an error"
        default: reason
        }
    }
}

extension FileError {
    /// What the system said in an error of Foundation, as a file error in plain words.
    ///
    /// - Parameter error: any error; its own error number or that of the error below it counts.
    /// - Returns: nil when it has no number of the system and none that Foundation's code stands for.
    public init?(of error: any Error) {
        let error = error as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
        let posix = [error, underlying].compactMap { $0 }.first { $0.domain == NSPOSIXErrorDomain }
        let known: Int32? =
            switch CocoaError.Code(rawValue: error.code) {
            case _ where error.domain != NSCocoaErrorDomain: nil
            case .fileNoSuchFile, .fileReadNoSuchFile: ENOENT
            case .fileWriteOutOfSpace: ENOSPC
            case .fileWriteVolumeReadOnly: EROFS
            case .fileWriteNoPermission, .fileReadNoPermission: EACCES
            case .fileWriteFileExists: EEXIST
            default: nil
            }
        guard let code = posix.flatMap({ Int32(exactly: $0.code) }) ?? known else { return nil }
        self.init("write", (error.userInfo[NSFilePathErrorKey] as? String) ?? ".", code: code)
    }
}
