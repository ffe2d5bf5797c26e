namespace Orchestrator.Api.Machines;

/// <summary>Tells our own image from others.</summary>
internal static class RunnerImage
{
    private const string Name = "runner-image";

    /// <summary>Whether an image's name is <c>runner-image</c>, from whatever registry and with whatever tag or digest.</summary>
    public static bool IsOurs(string image)
    {
        var repository = image.Split('@')[0];
        var name = repository[(repository.LastIndexOf('/') + 1)..];
        return name.Split(':')[0] == Name;
    }
}
