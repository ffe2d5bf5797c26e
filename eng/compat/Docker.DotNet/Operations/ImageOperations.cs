using System.Net.Http.Headers;
using System.Text.Json;
using Docker.DotNet.Json;
using Docker.DotNet.Models;
using Docker.DotNet.Transport;

namespace Docker.DotNet.Operations;

internal sealed class ImageOperations(DockerClient client) : IImageOperations
{
    public async Task<IList<ImagesListResponse>> ListImagesAsync(
        ImagesListParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query()
            .Add("all", parameters.All)
            .Add("filters", parameters.Filters)
            .Add("shared-size", parameters.SharedSize)
            .Add("digests", parameters.Digests)
            .Add("manifests", parameters.Manifests);
        return await client.SendAsync(
            EngineCall.Get("images/json").With(query), EngineJson.Default.Images, cancellationToken);
    }

    public Task CreateImageAsync(
        ImagesCreateParameters parameters,
        AuthConfig? authConfig,
        IProgress<JSONMessage> progress,
        CancellationToken cancellationToken) =>
        CreateImageAsync(parameters, null, authConfig, progress, cancellationToken);

    public Task CreateImageAsync(
        ImagesCreateParameters parameters,
        Stream? imageStream,
        AuthConfig? authConfig,
        IProgress<JSONMessage> progress,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var call = EngineCall.Post("images/create") with
        {
            Query = new Query()
                .Add("fromImage", parameters.FromImage)
                .Add("fromSrc", imageStream is null ? parameters.FromSrc : "-")
                .Add("repo", parameters.Repo)
                .Add("tag", parameters.Tag)
                .Add("message", parameters.Message)
                .Add("changes", parameters.Changes)
                .Add("platform", parameters.Platform),
            Body = imageStream is null ? null : Tar(imageStream),
            Headers = new Dictionary<string, string> { ["X-Registry-Auth"] = Encode(authConfig ?? new AuthConfig()) },
        };
        return client.ReportAsync(call, EngineJson.Default.JSONMessage, progress, cancellationToken);
    }

    public Task<ImageInspectResponse> InspectImageAsync(string name, CancellationToken cancellationToken) =>
        client.SendAsync(
            EngineCall.Get(Path(name, "/json")).AboutImage(), EngineJson.Default.ImageInspectResponse, cancellationToken);

    public Task TagImageAsync(string name, ImageTagParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("repo", parameters.RepositoryName).Add("tag", parameters.Tag);
        return client.SendAsync(EngineCall.Post(Path(name, "/tag")).With(query).AboutImage(), cancellationToken);
    }

    public async Task<IList<IDictionary<string, string>>> DeleteImageAsync(
        string name, ImageDeleteParameters parameters, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var query = new Query().Add("force", parameters.Force).Add("noprune", parameters.NoPrune);
        var deleted = await client.SendAsync(
            EngineCall.Delete(Path(name, "")).With(query).AboutImage(), EngineJson.Default.DeletedImages, cancellationToken);
        return [.. deleted];
    }

    public Task LoadImageAsync(
        ImageLoadParameters parameters, Stream imageStream, IProgress<JSONMessage> progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(imageStream);
        var call = EngineCall.Post("images/load") with
        {
            Query = new Query().Add("quiet", parameters.Quiet ? "1" : "0"),
            Body = Tar(imageStream),
        };
        return client.ReportAsync(call, EngineJson.Default.JSONMessage, progress, cancellationToken);
    }

    private static StreamContent Tar(Stream stream) =>
        new(stream) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-tar") } };

    /// <summary>Base64 in the alphabet for URLs, padding kept: what the engine expects in this header.</summary>
    private static string Encode(AuthConfig credentials) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(credentials, EngineJson.Default.AuthConfig))
            .Replace('/', '_')
            .Replace('+', '-');

    private static string Path(string name, string rest)
    {
        Require.Text(name);
        return $"images/{name}{rest}";
    }
}
