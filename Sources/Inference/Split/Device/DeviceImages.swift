import Datasets

/// The images that one device classifies, in turn and over again: request `r` of device `d` of `n` is image `r · n + d` of
/// the run, and that is image `(r · n + d) mod count` of the data set.
struct DeviceImages {
    let data: any Dataset
    /// Devices of the run.
    let devices: Int
    /// From 0.
    let device: Int
    /// Images of all devices.
    let total: Int

    /// This device's requests.
    var requests: Int { (total - device + devices - 1) / devices }

    /// The image of a request in the data set.
    func sample(_ request: Int) -> UInt32 { UInt32((request * devices + device) % data.count) }
}
