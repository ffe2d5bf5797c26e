namespace Orchestrator.Api.Machines;

/// <summary>Recognises our own image.</summary>
internal static class RunnerImage
{
    private const string Name = "runner-image";

    /// <summary>Whether an image's name is <c>runner-image</c>, with any registry, tag or digest.</summary>
    public static bool IsOurs(string image)
    {
        var repository = image.Split('@')[0];
        var name = repository[(repository.LastIndexOf('/') + 1)..];
        return name.Split(':')[0] == Name;
    }
}
