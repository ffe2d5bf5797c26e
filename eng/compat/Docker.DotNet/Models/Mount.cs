namespace Docker.DotNet.Models;

/// <summary>A mount to make at the start.</summary>
public class Mount
{
    public string? Type { get; set; }
    public string? Source { get; set; }
    public string? Target { get; set; }
    public bool? ReadOnly { get; set; }
    public string? Consistency { get; set; }
    public BindOptions? BindOptions { get; set; }
    public VolumeOptions? VolumeOptions { get; set; }
    public TmpfsOptions? TmpfsOptions { get; set; }
}

/// <summary>Options of a bind mount.</summary>
public class BindOptions
{
    public string? Propagation { get; set; }
    public bool? NonRecursive { get; set; }
    public bool? CreateMountpoint { get; set; }
    public bool? ReadOnlyNonRecursive { get; set; }
    public bool? ReadOnlyForceRecursive { get; set; }
}

/// <summary>Options of a volume.</summary>
public class VolumeOptions
{
    public bool? NoCopy { get; set; }
    public IDictionary<string, string>? Labels { get; set; }
    public string? Subpath { get; set; }
}

/// <summary>Options of a tmpfs; the size in bytes.</summary>
public class TmpfsOptions
{
    public long? SizeBytes { get; set; }
    public uint? Mode { get; set; }
    public IList<IList<string>>? Options { get; set; }
}

/// <summary>A mount as inspection tells it.</summary>
public class MountPoint
{
    public string? Type { get; set; }
    public string? Name { get; set; }
    public string Source { get; set; } = "";
    public string Destination { get; set; } = "";
    public string? Driver { get; set; }
    public string Mode { get; set; } = "";
    public bool RW { get; set; }
    public string Propagation { get; set; } = "";
}
