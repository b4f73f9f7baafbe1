import Datasets

/// The images that one device classifies. The devices are dealt the run's images in turn: request `r` of device `d` of
/// `n` is image `r · n + d` of the run, which is image `(r · n + d) mod count` of the data set, so a run may have more
/// images than the data set.
///
/// Server and devices compute this alike, so a report needs labels only, in the order of requests.
struct DeviceImages {
    /// The test set, on every rank.
    let data: any Dataset
    /// Number of devices in the run.
    let devices: Int
    /// This device's number, from 0: its rank − 1.
    let device: Int
    /// Images of the run, of all devices together.
    let total: Int

    /// Number of images that this device classifies; devices differ by one at most.
    var requests: Int { (total - device + devices - 1) / devices }

    /// The index in the data set of a request's image.
    func sample(_ request: Int) -> UInt32 { UInt32((request * devices + device) % data.count) }
}
